# shellcheck shell=bash
# shellcheck source=terraform/user-data/lib.sh
# A node of a RabbitMQ cluster.
#   BENCH_ADDRESS           its private address
#   BENCH_NODES             addresses of all of them: a,b,c
#   BENCH_SECRET_PREFIX     where password and erlang-cookie are kept, e.g. /bench/exp-1/rabbitmq
#   BENCH_MEMORY_WATERMARK  share of the memory above which publishers are held, e.g. 0.6
#   BENCH_SETTINGS          lines of key=value for rabbitmq.conf

bench_data_disk
data=$BENCH_DATA/rabbitmq
home=/var/lib/rabbitmq
install -d -o rabbitmq -g rabbitmq "$data" "$home" /etc/rabbitmq /etc/rabbitmq/conf.d
# Files that hold a secret never exist with wider rights.
(
  umask 077
  cookie=$(bench_secret "$BENCH_SECRET_PREFIX/erlang-cookie")
  password=$(bench_secret "$BENCH_SECRET_PREFIX/password")
  [ "$password" != unset ] || bench_fail "expected secrets: set TF_VAR_rabbitmq_secrets for the first apply"
  rm -f "$home/.erlang.cookie"
  printf '%s' "$cookie" >"$home/.erlang.cookie"
  printf 'default_user = bench\ndefault_pass = %s\n' "$password" >/etc/rabbitmq/conf.d/20-user.conf
)
chmod 400 "$home/.erlang.cookie"
chown rabbitmq:rabbitmq "$home/.erlang.cookie" /etc/rabbitmq/conf.d/20-user.conf

conf=/etc/rabbitmq/conf.d/10-bench.conf
cat >"$conf" <<END
listeners.tcp.1=$BENCH_ADDRESS:5672
log.console=true
log.file=false
vm_memory_high_watermark.relative=$BENCH_MEMORY_WATERMARK
disk_free_limit.absolute=1GB
max_message_size=134217728
cluster_partition_handling=pause_minority
END
number=0
case $BENCH_NODES in
  *,*)
    echo 'cluster_formation.peer_discovery_backend=classic_config' >>"$conf"
    for address in ${BENCH_NODES//,/ }; do
      number=$((number + 1))
      echo "cluster_formation.classic_config.nodes.$number=rabbit@$address" >>"$conf"
    done
    ;;
esac
bench_set_all "$conf" "${BENCH_SETTINGS:-}"
echo '[].' >/etc/rabbitmq/enabled_plugins

# Long names, so that nodes know each other by address and no name service is needed. Schedulers that wait busily would
# show as load.
cat >/etc/bench/rabbitmq.env <<END
HOME=$home
LANG=C.UTF-8
RABBITMQ_USE_LONGNAME=true
RABBITMQ_NODENAME=rabbit@$BENCH_ADDRESS
RABBITMQ_CONFIG_FILES=/etc/rabbitmq/conf.d
RABBITMQ_ENABLED_PLUGINS_FILE=/etc/rabbitmq/enabled_plugins
RABBITMQ_MNESIA_BASE=$data
RABBITMQ_LOG_BASE=/var/log/rabbitmq
RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt none +sbwtdcpu none +sbwtdio none
END

# Nodes that all come first at once may each make a cluster of their own: the others wait for the first.
first=${BENCH_NODES%%,*}
if [ "$BENCH_ADDRESS" != "$first" ]; then
  bench_until "$BENCH_HEALTH_LIMIT_S" "the first node, $first:5672" bench_port "$first" 5672
fi
bench_start rabbitmq
bench_spot_watch rabbitmq
bench_until "$BENCH_HEALTH_LIMIT_S" "RabbitMQ on $BENCH_ADDRESS:5672" bench_port "$BENCH_ADDRESS" 5672
# A port that answers says nothing of the others.
bench_until "$BENCH_HEALTH_LIMIT_S" "a cluster of all nodes" \
  runuser -u rabbitmq -- env HOME="$home" RABBITMQ_USE_LONGNAME=true "RABBITMQ_NODENAME=rabbit@$BENCH_ADDRESS" \
  /opt/rabbitmq/sbin/rabbitmqctl await_online_nodes "$((number > 0 ? number : 1))" --timeout 60
bench_ready
