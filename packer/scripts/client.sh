#!/bin/bash
# What bench starts from: npm, which brings the pinned runtime on first use. bench itself comes at boot.
# shellcheck source=packer/scripts/lib.sh
. "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"

case $(install_system) in
  amazon) install_packages nodejs nodejs-npm unzip ;;
  debian) install_packages npm unzip ;;
esac
install_user bench /var/lib/bench/gateway
