# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# bench's OTLP gateway as a system under test.
#   BENCH_ADDRESS             its private address
#   BENCH_SETTINGS            lines of NAME=value, the gateway's own variables (gateway/README.md)
#   BENCH_ARCHIVE_URI, BENCH_ARCHIVE_SHA256   bench, packed; without them the image holds it

bench_bring_bench
cat >/etc/bench/gateway.env <<END
HOME=/var/lib/bench/gateway
BENCH_CACHE=/var/lib/bench/cache
GATEWAY_BIND_ADDRESS=$BENCH_ADDRESS
END
bench_set_all /etc/bench/gateway.env "${BENCH_SETTINGS:-}"
install -d -o bench -g bench /var/lib/bench/gateway /var/lib/bench/cache
chown -R bench:bench /opt/bench
# The pinned runtime and the packages come before the service does.
runuser -u bench -- env HOME=/var/lib/bench/gateway BENCH_CACHE=/var/lib/bench/cache /opt/bench/bench version

bench_start gateway
bench_spot_watch gateway
bench_until "$BENCH_HEALTH_LIMIT_S" "the gateway on $BENCH_ADDRESS" \
  curl --fail --silent --max-time 5 "http://$BENCH_ADDRESS:9464/ready"
bench_ready
