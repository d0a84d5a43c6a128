# shellcheck shell=bash
# What the boot scripts of all roles share. Terraform puts this below the settings (BENCH_…) and above the role's script.
# A boot is three steps, each of which may run again: install what the image lacks, configure, start by systemd.

set -Eeuo pipefail
umask 022

BENCH_STATE=/var/lib/bench
BENCH_DATA=/var/lib/bench/data
# A service that is not healthy by then is a failed boot.
: "${BENCH_HEALTH_LIMIT_S:=600}"

bench_log() { printf '%(%Y-%m-%dT%H:%M:%SZ)T bench-boot: %s\n' -1 "$*"; }

# One line, replaced as a whole: `booting`, `ready after 71 s`, `failed: REASON`. It is what readiness is judged by.
bench_state() {
  printf '%s\n' "$1" >"$BENCH_STATE/boot-state.new"
  mv "$BENCH_STATE/boot-state.new" "$BENCH_STATE/boot-state"
  bench_log "$1"
}

bench_fail() {
  trap - ERR
  bench_state "failed: $*"
  exit 1
}

bench_begin() {
  # cloud-init sets neither.
  export TZ=UTC HOME=${HOME:-/root}
  mkdir -p "$BENCH_STATE" "$BENCH_DATA" /etc/bench /usr/local/bin
  bench_state booting
  trap 'bench_fail "line $LINENO: status $? of: $BASH_COMMAND"' ERR
}

bench_ready() {
  trap - ERR
  bench_state "ready after $SECONDS s"
}

# bench_until LIMIT_S WHAT COMMAND…: repeats the command until it succeeds.
bench_until() {
  local limit_s=$1 what=$2 since=$SECONDS
  shift 2
  bench_log "waiting for $what"
  until "$@" >/dev/null 2>&1; do
    ((SECONDS - since < limit_s)) || bench_fail "expected $what within $limit_s s"
    sleep 1
  done
}

# Whether a TCP port answers: bench_port ADDRESS PORT.
bench_port() { timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }

bench_install_unit() { cat >"/etc/systemd/system/$1.service"; }

bench_install_program() {
  cat >"/usr/local/bin/$1"
  chmod 755 "/usr/local/bin/$1"
}

# bench_set FILE KEY VALUE: replaces the line of a key, or adds one, on a line of its own.
bench_set() {
  local file=$1
  # By the environment: awk would read backslashes in arguments.
  BENCH_KEY=$2 BENCH_LINE="$2=$3" awk '
    { name = $0; sub(/[ \t]*=.*/, "", name); sub(/^[ \t]+/, "", name) }
    name == ENVIRON["BENCH_KEY"] { if (!done) print ENVIRON["BENCH_LINE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["BENCH_LINE"] }' "$file" >"$file.new"
  # Owner and rights of the file stay.
  cat "$file.new" >"$file"
  rm "$file.new"
}

bench_has_line() { grep -Fqx -e "$2" "$1"; }

# Settings of the user's own, lines of key=value, over ours.
bench_set_all() {
  local file=$1 key value
  while IFS='=' read -r key value; do
    if [ -n "$key" ]; then bench_set "$file" "$key" "$value"; fi
  done <<<"$2"
}

# bench_secret NAME: a parameter of Systems Manager, on standard output; it never stands in a command line.
bench_secret() {
  local _ value
  for _ in 1 2 3 4 5 6; do
    if value=$(aws ssm get-parameter --region "$BENCH_REGION" --name "$1" --with-decryption \
      --query Parameter.Value --output text); then
      printf '%s' "$value"
      return
    fi
    # The right to read it may still be on its way to this instance.
    sleep 5
  done
  return 1
}

# bench_is_free_disk NAME: a whole disk of AWS's making that holds nothing, neither a partition nor a file system.
bench_is_free_disk() {
  local name type model
  read -r name type model < <(lsblk --noheadings --nodeps --paths --output NAME,TYPE,MODEL "$1")
  [[ $type == disk && (${model:-} == "Amazon "* || $name == /dev/xvd[b-z]) ]] &&
    [ "$(lsblk --noheadings --output NAME "$name" | wc -l)" = 1 ] &&
    [ -z "$(lsblk --noheadings --output MOUNTPOINT,FSTYPE "$name" | tr -d ' \n')" ]
}

# The first free disk becomes $BENCH_DATA: the data volume, or what the instance type brings. Without one, or with
# BENCH_DATA_DISK=none, data lies on the root disk.
bench_data_disk() {
  local name disk='' disks=''
  if mountpoint -q "$BENCH_DATA"; then return; fi
  if [ "${BENCH_DATA_DISK:-}" != none ]; then
    disks=$(lsblk --noheadings --nodeps --paths --output NAME 2>/dev/null) || disks=''
  fi
  for name in $disks; do
    if [ -z "$disk" ] && bench_is_free_disk "$name"; then disk=$name; fi
  done
  if [ -z "$disk" ]; then
    bench_log "no disk of its own: data lies on the root disk"
    return
  fi
  bench_log "data lies on $disk"
  mkfs.xfs -q "$disk"
  # Names of disks may change from boot to boot.
  printf 'UUID=%s %s xfs noatime,nofail 0 2\n' "$(blkid -s UUID -o value "$disk")" "$BENCH_DATA" >>/etc/fstab
  mount "$BENCH_DATA"
}

# Ends the role's service in order when AWS takes the instance back, and leaves a mark for whoever asks.
bench_spot_watch() {
  if [ "${BENCH_SPOT:-false}" != true ]; then return; fi
  printf 'BENCH_SERVICES=%s\n' "$*" >/etc/bench/spot-watch.env
  systemctl daemon-reload
  systemctl enable --now spot-watch
}

# bench_start SERVICE…: starts them, and with every boot from now on.
bench_start() {
  systemctl daemon-reload
  systemctl enable --now "$@"
}

# bench_bring_bench: bench into /opt/bench, from the experiment's bucket; without an archive the image holds it.
bench_bring_bench() {
  local uri=${BENCH_ARCHIVE_URI:-} sum=${BENCH_ARCHIVE_SHA256:-}
  if [ -z "$uri" ]; then
    [ -x /opt/bench/bench ] || bench_fail "expected bench in /opt/bench of this image, or an archive"
    return
  fi
  # The right to read it may still be on its way to this instance.
  bench_until 300 "$uri" aws s3 cp --region "$BENCH_REGION" --only-show-errors "$uri" /opt/bench.tar.gz
  echo "$sum  /opt/bench.tar.gz" | sha256sum --check --status || bench_fail "expected SHA-256 $sum of $uri"
  rm -rf /opt/bench
  mkdir /opt/bench
  tar -xzf /opt/bench.tar.gz -C /opt/bench
  rm /opt/bench.tar.gz
}
