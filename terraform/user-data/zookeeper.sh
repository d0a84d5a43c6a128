# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# A ZooKeeper of a Pulsar cluster; the first one also writes the cluster's metadata, once.
#   BENCH_INDEX           number of this node, from 1
#   BENCH_ADDRESS         its private address
#   BENCH_ZOOKEEPERS      addresses of all of them: a,b,c
#   BENCH_BROKERS         addresses of the brokers
#   BENCH_HEAP_SIZE       e.g. 512M
#   BENCH_SETTINGS        lines of key=value for zookeeper.conf

bench_data_disk
data=$BENCH_DATA/zookeeper
conf=/etc/bench/zookeeper.conf
install -d -o pulsar -g pulsar "$data"
echo "$BENCH_INDEX" >"$data/myid"
cat >"$conf" <<END
tickTime=2000
initLimit=10
syncLimit=5
dataDir=$data
clientPort=2181
clientPortAddress=$BENCH_ADDRESS
maxClientCnxns=0
admin.enableServer=false
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
END
number=0
for address in ${BENCH_ZOOKEEPERS//,/ }; do
  number=$((number + 1))
  echo "server.$number=$address:2888:3888" >>"$conf"
done
bench_set_all "$conf" "${BENCH_SETTINGS:-}"

cat >/etc/bench/zookeeper.env <<END
PULSAR_ZK_CONF=$conf
PULSAR_LOG_DIR=/var/log/pulsar
PULSAR_LOG_APPENDER=Console
PULSAR_MEM=-Xms$BENCH_HEAP_SIZE -Xmx$BENCH_HEAP_SIZE -XX:MaxDirectMemorySize=64M
PULSAR_GC=-XX:+UseG1GC -XX:MaxGCPauseMillis=10
END

bench_start zookeeper
bench_spot_watch zookeeper

# A quorum must be there before it says more than that it is not serving.
zookeeper_serves() {
  local answer
  exec 3<>"/dev/tcp/$BENCH_ADDRESS/2181" && echo srvr >&3 && answer=$(timeout 2 cat <&3)
  exec 3>&-
  [[ ${answer:-} == *Mode:* ]]
}
bench_until "$BENCH_HEALTH_LIMIT_S" "ZooKeeper's quorum" zookeeper_serves

servers=${BENCH_ZOOKEEPERS//,/:2181,}:2181
if [ "$BENCH_INDEX" = 1 ] && [ ! -e "$BENCH_STATE/metadata-written" ]; then
  bench_log "writing the cluster's metadata"
  PULSAR_MEM='-Xmx192M' PULSAR_GC='-XX:+UseSerialGC' PULSAR_LOG_DIR=/var/log/pulsar PULSAR_LOG_APPENDER=Console \
    runuser -u pulsar --preserve-environment -- /opt/pulsar/bin/pulsar initialize-cluster-metadata \
    --cluster bench \
    --metadata-store "zk:$servers" \
    --configuration-metadata-store "zk:$servers" \
    --web-service-url "http://${BENCH_BROKERS//,/:8080,}:8080" \
    --broker-service-url "pulsar://${BENCH_BROKERS//,/:6650,}:6650"
  touch "$BENCH_STATE/metadata-written"
fi
bench_ready
