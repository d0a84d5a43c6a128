import { SOFTWARE_VERSIONS } from '../boot/mirror.ts'

/** A system under test as the proof sets it up, and how one sees that its nodes have found each other. */
export interface ProvenSystem {
  /** Its part of `compute` in infrastructure.yaml: role and number of instances. */
  readonly nodes: Readonly<Record<string, number>>
  /** Its cluster file: as small as it runs. */
  readonly cluster: Readonly<Record<string, unknown>>
  readonly checks: readonly ClusterCheck[]
}

/** A question to the first instance of a role, and what must stand in the answer. */
export interface ClusterCheck {
  readonly what: string
  readonly role: string
  readonly script: string
  readonly expected: readonly RegExp[]
}

// The file is systemd's: values are not quoted.
const RABBITMQCTL = `while IFS= read -r line; do export "$line"; done </etc/bench/rabbitmq.env
setpriv --reuid rabbitmq --regid rabbitmq --init-groups /opt/rabbitmq/sbin/rabbitmqctl`
const GET = 'curl --fail --silent --show-error --max-time 60'

/** By name. Addresses are those that terraform/aws gives out. */
export const SYSTEMS: Readonly<Record<string, ProvenSystem>> = {
  kafka: {
    nodes: { kafka: 3 },
    cluster: { kafka_version: SOFTWARE_VERSIONS.kafka, heap_size: '256M' },
    // Its tools are not in what the mirror packs. A port opens when its node has joined, and the result tells the rest.
    checks: [
      {
        what: 'three brokers and controllers answer',
        role: 'kafka',
        script:
          'for a in 110 111 112; do for p in 9092 9093; do (exec 3<>/dev/tcp/10.0.1.$a/$p) && echo "$a $p"; done; done',
        expected: [110, 111, 112].flatMap((host) =>
          [9092, 9093].map((port) => new RegExp(`^${host} ${port}$`, 'm')),
        ),
      },
    ],
  },
  rabbitmq: {
    nodes: { rabbitmq: 3 },
    cluster: { rabbitmq_version: SOFTWARE_VERSIONS.rabbitmq },
    checks: [
      {
        what: 'three nodes are one cluster',
        role: 'rabbitmq',
        script: `${RABBITMQCTL} cluster_status --formatter json`,
        expected: [/"running_nodes":\[("rabbit@10\.0\.1\.14[012]",?){3}\]/],
      },
    ],
  },
  pulsar: {
    nodes: { zookeeper: 3, bookkeeper: 3, broker: 2 },
    cluster: {
      pulsar_version: SOFTWARE_VERSIONS.pulsar,
      zookeeper: { heap_size: '128M' },
      bookkeeper: { heap_size: '256M', direct_memory_size: '256M' },
      broker: { heap_size: '384M', direct_memory_size: '256M', managed_ledger_cache_size_mb: 64 },
    },
    checks: [
      {
        what: 'three ZooKeepers have a leader',
        role: 'zookeeper',
        script:
          'for a in 10 11 12; do (exec 3<>/dev/tcp/10.0.1.$a/2181; echo srvr >&3; timeout 5 cat <&3) | grep Mode; done',
        expected: [/Mode: leader/, /(Mode: follower\s+(Mode: leader\s+)?){2}/],
      },
      {
        what: 'two brokers are active',
        role: 'broker',
        script: `${GET} http://10.0.1.71:8080/admin/v2/brokers/bench`,
        expected: [/10\.0\.1\.70:8080/, /10\.0\.1\.71:8080/],
      },
      {
        what: 'three bookies are known',
        role: 'broker',
        script: `${GET} http://10.0.1.70:8080/admin/v2/bookies/all`,
        expected: [/10\.0\.1\.30:3181/, /10\.0\.1\.31:3181/, /10\.0\.1\.32:3181/],
      },
    ],
  },
}
