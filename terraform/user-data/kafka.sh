# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# A Kafka node in KRaft mode: broker and controller in one process.
#   BENCH_INDEX        number of this node, from 1
#   BENCH_ADDRESS      its private address
#   BENCH_NODES        addresses of all of them: a,b,c
#   BENCH_CLUSTER_ID   22 characters of base64, the same everywhere
#   BENCH_REPLICAS, BENCH_MIN_IN_SYNC   copies of each message, and how many must have it
#   BENCH_HEAP_SIZE    e.g. 1G
#   BENCH_SETTINGS     lines of key=value for server.properties

bench_data_disk
data=$BENCH_DATA/kafka
conf=/etc/bench/kafka.properties
install -d -o kafka -g kafka "$data"
voters=''
number=0
for address in ${BENCH_NODES//,/ }; do
  number=$((number + 1))
  voters+="${voters:+,}$number@$address:9093"
done
cat >"$conf" <<END
process.roles=broker,controller
node.id=$BENCH_INDEX
controller.quorum.voters=$voters
listeners=PLAINTEXT://$BENCH_ADDRESS:9092,CONTROLLER://$BENCH_ADDRESS:9093
advertised.listeners=PLAINTEXT://$BENCH_ADDRESS:9092
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=$data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
default.replication.factor=$BENCH_REPLICAS
min.insync.replicas=$BENCH_MIN_IN_SYNC
offsets.topic.replication.factor=$BENCH_REPLICAS
transaction.state.log.replication.factor=$BENCH_REPLICAS
transaction.state.log.min.isr=$BENCH_MIN_IN_SYNC
share.coordinator.state.topic.replication.factor=$BENCH_REPLICAS
share.coordinator.state.topic.min.isr=$BENCH_MIN_IN_SYNC
END
bench_set_all "$conf" "${BENCH_SETTINGS:-}"

cat >/etc/bench/kafka-log4j2.xml <<'END'
<Configuration status="error">
  <Appenders><Console name="console"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
END
cat >/etc/bench/kafka.env <<END
KAFKA_HEAP=-Xms$BENCH_HEAP_SIZE -Xmx$BENCH_HEAP_SIZE
KAFKA_GC=-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent
END

runuser -u kafka -- java -Xmx128M -XX:+UseSerialGC -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format \
  --ignore-formatted --cluster-id "$BENCH_CLUSTER_ID" --config "$conf"

bench_start kafka
bench_spot_watch kafka
# The port opens when the node has joined its controllers.
bench_until "$BENCH_HEALTH_LIMIT_S" "Kafka on $BENCH_ADDRESS:9092" bench_port "$BENCH_ADDRESS" 9092
bench_ready
