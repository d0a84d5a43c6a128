# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# A bookie of a Pulsar cluster: stores the messages.
#   BENCH_ADDRESS            its private address
#   BENCH_ZOOKEEPERS         addresses of the ZooKeepers: a,b,c
#   BENCH_HEAP_SIZE          e.g. 768M
#   BENCH_DIRECT_MEMORY_SIZE e.g. 512M
#   BENCH_SETTINGS           lines of key=value for bookkeeper.conf

bench_data_disk
data=$BENCH_DATA/bookkeeper
conf=/etc/bench/bookkeeper.conf
servers=${BENCH_ZOOKEEPERS//,/:2181,}:2181
install -d -o pulsar -g pulsar "$data" "$data/journal" "$data/ledgers"
cp /opt/pulsar/conf/bookkeeper.conf "$conf"
bench_set_all "$conf" "bookiePort=3181
advertisedAddress=$BENCH_ADDRESS
journalDirectory=$data/journal
ledgerDirectories=$data/ledgers
zkServers=$servers
metadataServiceUri=metadata-store:zk:$servers
autoRecoveryDaemonEnabled=false
diskUsageThreshold=0.99
diskUsageWarnThreshold=0.99
gcWaitTime=60000"
bench_set_all "$conf" "${BENCH_SETTINGS:-}"

cat >/etc/bench/bookkeeper.env <<END
PULSAR_BOOKKEEPER_CONF=$conf
BOOKIE_CONF=$conf
PULSAR_LOG_DIR=/var/log/pulsar
BOOKIE_LOG_DIR=/var/log/pulsar
PULSAR_LOG_APPENDER=Console
BOOKIE_MEM=-Xms$BENCH_HEAP_SIZE -Xmx$BENCH_HEAP_SIZE -XX:MaxDirectMemorySize=$BENCH_DIRECT_MEMORY_SIZE
BOOKIE_GC=-XX:+UseG1GC -XX:MaxGCPauseMillis=10
END

tool() {
  PULSAR_MEM='-Xmx128M' PULSAR_GC='-XX:+UseSerialGC' BOOKIE_MEM='-Xmx128M' BOOKIE_GC='-XX:+UseSerialGC' \
    BOOKIE_CONF=$conf PULSAR_LOG_DIR=/var/log/pulsar BOOKIE_LOG_DIR=/var/log/pulsar PULSAR_LOG_APPENDER=Console \
    runuser -u pulsar --preserve-environment -- "$@"
}
first=${BENCH_ZOOKEEPERS%%,*}
bench_until "$BENCH_HEALTH_LIMIT_S" "ZooKeeper on $first" bench_port "$first" 2181
bench_until "$BENCH_HEALTH_LIMIT_S" "the cluster's metadata" \
  tool /opt/pulsar/bin/pulsar zookeeper-shell -server "$servers" get /ledgers/INSTANCEID

if [ ! -e "$BENCH_STATE/bookie-formatted" ]; then
  # An instance that was replaced finds the mark of its predecessor, who had the same address and other disks; the format
  # fails where there is none.
  if tool /opt/pulsar/bin/pulsar zookeeper-shell -server "$servers" get "/ledgers/cookies/$BENCH_ADDRESS:3181" >/dev/null 2>&1; then
    tool /opt/pulsar/bin/bookkeeper shell bookieformat -nonInteractive -force -deleteCookie
  fi
  touch "$BENCH_STATE/bookie-formatted"
fi

bench_start bookkeeper
bench_spot_watch bookkeeper
bench_until "$BENCH_HEALTH_LIMIT_S" "the bookie on $BENCH_ADDRESS:3181" bench_port "$BENCH_ADDRESS" 3181
bench_ready
