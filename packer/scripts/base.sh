#!/bin/bash
# What every image of the lab has: tools of the boot scripts, the AWS command line, the agent of Systems Manager, a clock
# that follows AWS's. What the system brings is kept.
# shellcheck source=packer/scripts/lib.sh
. "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"

case $(install_system) in
  amazon)
    # curl-minimal, the agent and the command line are there already.
    install_packages tar gzip xz gawk util-linux xfsprogs chrony procps-ng
    command -v aws >/dev/null || install_packages awscli-2
    command -v amazon-ssm-agent >/dev/null || install_packages amazon-ssm-agent
    ;;
  debian)
    apt-get update -qq
    install_packages ca-certificates curl tar xz-utils gawk util-linux xfsprogs chrony procps
    command -v aws >/dev/null || install_packages awscli
    if ! command -v amazon-ssm-agent >/dev/null; then
      [ -n "${SSM_AGENT_CHECKSUM:-}" ] ||
        install_fail "expected ssm_agent_checksum: AWS publishes no sum of $SSM_AGENT_URL, pin the one you have checked"
      install_download "$SSM_AGENT_URL" "$SSM_AGENT_CHECKSUM" /tmp/amazon-ssm-agent.deb
      dpkg --install /tmp/amazon-ssm-agent.deb
      rm /tmp/amazon-ssm-agent.deb
    fi
    ;;
esac
systemctl enable amazon-ssm-agent chrony 2>/dev/null || systemctl enable amazon-ssm-agent chronyd

# AWS's own time server, a hop away: clocks of instances differ by microseconds then.
for conf in /etc/chrony.conf /etc/chrony/chrony.conf; do
  if [ -e "$conf" ] && ! grep -q 169.254.169.123 "$conf"; then
    echo 'server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4' >>"$conf"
  fi
done

# Memory belongs to brokers and their page cache.
echo 'vm.swappiness = 1' >/etc/sysctl.d/90-bench.conf
install -d -m 755 /opt /var/lib/bench
