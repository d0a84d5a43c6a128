#!/bin/bash
# Takes away what must not be in an image: identities of the machine that built it, keys, logs, caches of packages.
# shellcheck source=packer/scripts/lib.sh
. "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"

case $(install_system) in
  amazon) dnf clean all --quiet ;;
  debian) apt-get clean && rm -rf /var/lib/apt/lists/* ;;
esac
if command -v cloud-init >/dev/null; then cloud-init clean --logs --seed; fi
rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys /root/.bash_history /home/*/.bash_history
: >/etc/machine-id
find /var/log -type f -exec truncate --size 0 {} +
rm -f "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"
