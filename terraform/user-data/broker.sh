# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# A Pulsar broker: serves producers and consumers.
#   BENCH_ADDRESS            its private address
#   BENCH_ZOOKEEPERS         addresses of the ZooKeepers: a,b,c
#   BENCH_BOOKIES            addresses of the bookies
#   BENCH_ENSEMBLE, BENCH_WRITE_QUORUM, BENCH_ACK_QUORUM   copies of each message
#   BENCH_HEAP_SIZE, BENCH_DIRECT_MEMORY_SIZE              e.g. 1G
#   BENCH_CACHE_SIZE_MIB     cache of recent messages
#   BENCH_SETTINGS           lines of key=value for broker.conf

conf=/etc/bench/broker.conf
servers=${BENCH_ZOOKEEPERS//,/:2181,}:2181
cp /opt/pulsar/conf/broker.conf "$conf"
bench_set_all "$conf" "clusterName=bench
metadataStoreUrl=zk:$servers
configurationMetadataStoreUrl=zk:$servers
bindAddress=0.0.0.0
advertisedAddress=$BENCH_ADDRESS
brokerServicePort=6650
webServicePort=8080
managedLedgerDefaultEnsembleSize=$BENCH_ENSEMBLE
managedLedgerDefaultWriteQuorum=$BENCH_WRITE_QUORUM
managedLedgerDefaultAckQuorum=$BENCH_ACK_QUORUM
managedLedgerCacheSizeMB=$BENCH_CACHE_SIZE_MIB
managedLedgerNewEntriesCheckDelayInMillis=0
bookkeeper_delayEnsembleChange=true
brokerDeleteInactiveTopicsEnabled=false
forceDeleteNamespaceAllowed=true
forceDeleteTenantAllowed=true
backlogQuotaDefaultLimitGB=10"
bench_set_all "$conf" "${BENCH_SETTINGS:-}"

cat >/etc/bench/broker.env <<END
PULSAR_BROKER_CONF=$conf
PULSAR_LOG_DIR=/var/log/pulsar
PULSAR_LOG_APPENDER=Console
PULSAR_MEM=-Xms$BENCH_HEAP_SIZE -Xmx$BENCH_HEAP_SIZE -XX:MaxDirectMemorySize=$BENCH_DIRECT_MEMORY_SIZE
PULSAR_GC=-XX:+UseG1GC -XX:MaxGCPauseMillis=10
END

# A broker that finds fewer bookies than it writes copies ends.
for bookie in ${BENCH_BOOKIES//,/ }; do
  bench_until "$BENCH_HEALTH_LIMIT_S" "the bookie on $bookie:3181" bench_port "$bookie" 3181
done

bench_start broker
bench_spot_watch broker
# The broker itself produces and reads a message for this answer.
bench_until "$BENCH_HEALTH_LIMIT_S" "a message through the broker" \
  curl --fail --silent --max-time 10 "http://$BENCH_ADDRESS:8080/admin/v2/brokers/health"
bench_ready
