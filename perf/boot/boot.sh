#!/bin/bash
# Boots roles from an installed root, as instances do: boot.sh BELOW WORK ADDRESSES ROLE… with WORK/user-data/ROLE and
# WORK/secrets. Then runs WORK/check, outside of the root but in its network. Runs in network, mount and process
# namespaces of its own: all that was started ends with it.
set -euo pipefail
below=$1 work=$2 addresses=$3
shift 3

ip link set lo up
for address in ${addresses//,/ }; do ip address add "$address/32" dev lo; done
mount -t overlay overlay -o "lowerdir=$below,upperdir=$work/upper,workdir=$work/inner" "$work/root"
mount -t proc proc "$work/root/proc"
mount --rbind /dev "$work/root/dev"
install -d "$work/root/run/secrets"
cp "$work"/secrets/* "$work/root/run/secrets/"
for role; do
  cp "$work/user-data/$role" "$work/root/var/lib/user-data"
  chmod 700 "$work/root/var/lib/user-data"
  chroot "$work/root" /var/lib/user-data || {
    echo "boot of $role failed"
    for log in "$work/root/var/log/"*.log; do
      echo "--- ${log##*/}"
      tail -n 40 "$log"
    done
    exit 1
  }
  state=$(cat "$work/root/var/lib/bench/boot-state")
  [[ $state == "ready after "* ]] || {
    echo "expected $role to be ready, got: $state"
    exit 1
  }
  # The names of secrets may be told, the secrets not.
  for secret in "$work"/secrets/*; do
    for place in "$work/root/var/log" "$work/user-data"; do
      if grep -rqF -f "$secret" "$place"; then
        echo "FAULT: the secret ${secret##*/} stands in ${place##*/}"
        exit 1
      fi
    done
    if cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -qF -f "$secret"; then
      echo "FAULT: the secret ${secret##*/} stands in a command line"
      exit 1
    fi
  done
done
"$work/check"
