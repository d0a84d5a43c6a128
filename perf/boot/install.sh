#!/bin/bash
# Makes an image's root from a plain Debian, as Packer does: install.sh ROOT-BELOW WORK PACKER-SCRIPTS SOFTWARE; the scripts'
# variables come by the environment, and the checks of images must hold of it. Runs in mount and process namespaces of its
# own, which end with it.
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

# What `bench ami validate` asks of an instance, asked of this root. systemd and the agent are played here.
units=$work/root/tmp/check-units
mkdir "$units"
# A client has no unit.
{ grep -l "/opt/$software/" "$scripts"/../../terraform/user-data/systemd/*.service || true; } | xargs -r cp -t "$units"
version=${software^^}_VERSION packaged=${software^^}_DEBIAN_VERSION
{
  printf 'CHECK_VERSION=%q CHECK_UNITS=/tmp/check-units\n' "${!packaged:-${!version:-1}}"
  cat "$scripts/../checks/base.sh" "$scripts/../checks/$software.sh"
} >"$work/root/tmp/check"
found=$(chroot "$work/root" /bin/bash /tmp/check </dev/null) || true
rm -r "$units" "$work/root/tmp/check"
printf '%s\n' "$found" | sed 's/^/check: /'
if printf '%s\n' "$found" | grep '^BAD' | grep -Ev 'agent of Systems Manager|kept by chrony'; then exit 1; fi
printf '%s\n' "$found" | grep -q '^ok '
