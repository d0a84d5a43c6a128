#!/bin/bash
# Makes an image's root from a plain Debian, as Packer does: install.sh ROOT-BELOW WORK PACKER-SCRIPTS SOFTWARE; the scripts'
# variables come by the environment. Runs in mount and process namespaces of its own, which end with it.
set -euo pipefail
below=$1 work=$2 scripts=$3 software=$4

mkdir -p "$work/upper" "$work/inner" "$work/root"
mount -t overlay overlay -o "lowerdir=$below,upperdir=$work/upper,workdir=$work/inner" "$work/root"
mount -t proc proc "$work/root/proc"
mount --rbind /dev "$work/root/dev"
install -d "$work/root/tmp/install"
cp "$scripts"/*.sh "$work/root/tmp/install/"
for script in base "$software" clean; do
  # clean.sh removes the library, as in an image.
  cp "$scripts/lib.sh" "$work/root/tmp/bench-install-lib.sh"
  chroot "$work/root" /bin/bash "/tmp/install/$script.sh"
done
rm -r "$work/root/tmp/install"
