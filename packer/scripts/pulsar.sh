#!/bin/bash
# Apache Pulsar in /opt/pulsar, run by the user pulsar on Java 17: ZooKeeper, bookies and brokers are all in it.
#   PULSAR_VERSION, PULSAR_CHECKSUM, PULSAR_DOWNLOAD_BASE
# shellcheck source=packer/scripts/lib.sh
. "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"

case $(install_system) in
  # which: its start scripts call it.
  amazon) install_packages java-17-amazon-corretto-headless which ;;
  debian) install_packages openjdk-17-jre-headless ;;
esac

install_user pulsar /var/lib/pulsar
archive=apache-pulsar-$PULSAR_VERSION-bin.tar.gz
install_download "$PULSAR_DOWNLOAD_BASE/pulsar-$PULSAR_VERSION/$archive" "$PULSAR_CHECKSUM" "/opt/$archive" \
  "https://archive.apache.org/dist/pulsar/pulsar-$PULSAR_VERSION/$archive.sha512"
install_unpack "/opt/$archive" /opt/pulsar
install -d -o pulsar -g pulsar /var/log/pulsar
[ -x /opt/pulsar/bin/pulsar ]
