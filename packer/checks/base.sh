# shellcheck shell=bash
# What every image must have; `bench ami validate` runs this, and then the checks of the image's software, on an instance of
# it. Each line is `ok WHAT` or `BAD WHAT`; the status is 1 when one is bad.
#   CHECK_VERSION: tag SoftwareVersion    CHECK_UNITS: folder with the units that boot scripts will lay down

# The status of the whole, which whoever runs this ends with.
# shellcheck disable=SC2034
bad=0

# expect WHAT COMMAND…: COMMAND must succeed.
expect() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then
    echo "ok $what"
  else
    echo "BAD $what: expected success of: $*"
    # shellcheck disable=SC2034
    bad=1
  fi
}

# A glob that is no file stays as it is.
any_file() { [ -e "$1" ]; }
no_file() { [ ! -e "$1" ]; }
java_17() { java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])'; }
one_of_units() {
  local verb=$1 unit
  shift
  for unit in "$@"; do if systemctl "$verb" --quiet "$unit"; then return 0; fi; done
  return 1
}
# A unit's user and program.
unit_runs() {
  local user program
  user=$(sed -n 's/^User=//p' "$1")
  program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$1")
  id "$user" >/dev/null && [ -x "$program" ]
}

expect 'agent of Systems Manager is enabled' one_of_units is-enabled amazon-ssm-agent snap.amazon-ssm-agent.amazon-ssm-agent
expect 'agent of Systems Manager runs' one_of_units is-active amazon-ssm-agent snap.amazon-ssm-agent.amazon-ssm-agent
expect 'clock is kept by chrony' one_of_units is-enabled chrony chronyd
expect 'clock follows AWS' grep -qs 169.254.169.123 /etc/chrony.conf /etc/chrony/chrony.conf
for program in aws curl tar gawk mkfs.xfs blkid; do expect "program $program" command -v "$program"; done
expect 'swapping is off but for need' grep -qs 'vm.swappiness = 1' /etc/sysctl.d/90-bench.conf
expect 'no key of root' no_file /root/.ssh/authorized_keys
for unit in "$CHECK_UNITS"/*.service; do
  if [ -e "$unit" ]; then expect "unit ${unit##*/}: its user and program" unit_runs "$unit"; fi
done
