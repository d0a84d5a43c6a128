#!/bin/bash
# RabbitMQ in /opt/rabbitmq, run by the user rabbitmq.
#   Amazon Linux: RABBITMQ_VERSION, RABBITMQ_CHECKSUM, RABBITMQ_DOWNLOAD_BASE, ERLANG_VERSION, ERLANG_DOWNLOAD_BASE
#   Debian: RABBITMQ_DEBIAN_VERSION, which its packages must have
# shellcheck source=packer/scripts/lib.sh
. "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"

# Fingerprint of the key that RabbitMQ's team signs releases and its Erlang packages with.
signer=0A9AF2115F4687BD29803A206B73A36E6026DFCA

install_erlang() {
  local package
  package=erlang-$ERLANG_VERSION-1.el9.$(uname -m).rpm
  install_packages gnupg2-minimal
  install_get https://github.com/rabbitmq/signing-keys/releases/download/3.0/rabbitmq-release-signing-key.asc /tmp/signer.asc
  gpg --show-keys --with-colons /tmp/signer.asc | grep -q "^fpr:.*:$signer:" ||
    install_fail "expected the signing key $signer of RabbitMQ, got another"
  rpm --import /tmp/signer.asc
  install_get "$ERLANG_DOWNLOAD_BASE/v$ERLANG_VERSION/$package" "/tmp/$package"
  rpm --checksig "/tmp/$package" | grep -q 'signatures OK' || install_fail "expected $package to be signed by RabbitMQ"
  install_packages "/tmp/$package"
  rm "/tmp/$package" /tmp/signer.asc
}

case $(install_system) in
  amazon)
    install_erlang
    install_user rabbitmq /var/lib/rabbitmq
    archive=rabbitmq-server-generic-unix-$RABBITMQ_VERSION.tar.xz
    install_download "$RABBITMQ_DOWNLOAD_BASE/v$RABBITMQ_VERSION/$archive" "$RABBITMQ_CHECKSUM" "/opt/$archive"
    install_unpack "/opt/$archive" /opt/rabbitmq
    ;;
  debian)
    install_packages rabbitmq-server
    found=$(dpkg-query --show --showformat '${Version}' rabbitmq-server)
    case $found in
      "$RABBITMQ_DEBIAN_VERSION"-*) ;;
      *) install_fail "expected Debian's RabbitMQ to be $RABBITMQ_DEBIAN_VERSION, got $found: set rabbitmq_debian_version" ;;
    esac
    # Our own unit starts it, on the addresses of the experiment.
    systemctl disable --now rabbitmq-server
    systemctl mask rabbitmq-server
    ln -sfn "$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*)" /opt/rabbitmq
    ;;
esac
install -d -o rabbitmq -g rabbitmq /var/log/rabbitmq
[ -x /opt/rabbitmq/sbin/rabbitmq-server ]
