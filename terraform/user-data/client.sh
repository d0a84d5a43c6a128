# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# A load generator: bench in /opt/bench, driver files that name the systems under test, and run-benchmark.
#   BENCH_DRIVERS             lines of `DRIVER KEY: VALUE`: what is added to each driver file of that driver
#   BENCH_SECRETS             lines of `VARIABLE PARAMETER`: secrets that drivers take from their environment
#   BENCH_BUCKET              bucket of the results
#   BENCH_ARCHIVE_URI, BENCH_ARCHIVE_SHA256   bench, packed; without them the image holds it

bench_bring_bench
install -d /etc/bench/drivers /var/lib/bench/runs /var/lib/bench/cache
# run-benchmark reads these; no secret is among them, only where secrets are kept.
cat >/etc/bench/client.env <<END
BENCH_REGION='$BENCH_REGION'
BENCH_BUCKET='$BENCH_BUCKET'
END
printf '%s\n' "${BENCH_SECRETS:-}" >/etc/bench/secrets
: >/etc/bench/sides
while read -r driver line; do
  if [ -z "$driver" ]; then continue; fi
  grep -qx "$driver" /etc/bench/sides || echo "$driver" >>/etc/bench/sides
  for file in /opt/bench/workloads/drivers/*.yaml; do
    if grep -q "^driver: $driver\$" "$file"; then
      ours=/etc/bench/drivers/${file##*/}
      [ -e "$ours" ] || cp "$file" "$ours"
      bench_has_line "$ours" "$line" || printf '%s\n' "$line" >>"$ours"
    fi
  done
done <<<"${BENCH_DRIVERS:-}"
# Many receivers are many open connections.
cat >/etc/security/limits.d/bench.conf <<'END'
*    soft nofile 1048576
*    hard nofile 1048576
root soft nofile 1048576
root hard nofile 1048576
END
# The pinned runtime and the packages come now, not within a measurement.
BENCH_CACHE=/var/lib/bench/cache /opt/bench/bench version
# There is no service to stop: run-benchmark looks for the mark.
bench_spot_watch ''
bench_ready
