import { SOFTWARE_VERSIONS } from '../boot/mirror.ts'

/** A system under test as the proof sets it up, and how one sees that its nodes have found each other. */
export interface ProvenSystem {
  /** Value of its variable in terraform/aws: as small as it runs, with several nodes. */
  readonly variable: Readonly<Record<string, unknown>>
  /** Role and number of instances. */
  readonly nodes: Readonly<Record<string, number>>
  /** Role whose first instance is asked, the question, and what must stand in the answer. */
  readonly checks: readonly ClusterCheck[]
}

export interface ClusterCheck {
  readonly role: string
  readonly script: string
  readonly expected: readonly RegExp[]
}

const RABBITMQCTL =
  'set -a; . /dev/stdin <<<"$(sed \'s/=\\(.*\\)/="\\1"/\' /etc/bench/rabbitmq.env)"; setpriv --reuid rabbitmq --regid rabbitmq --init-groups /opt/rabbitmq/sbin/rabbitmqctl'

/** By name. */
export const SYSTEMS: Readonly<Record<string, ProvenSystem>> = {
  kafka: {
    variable: { version: SOFTWARE_VERSIONS.kafka, count: 3, heap_size: '256M' },
    nodes: { kafka: 3 },
    // Its tools are not in what the mirror packs: what the driver was told stands in the result.
    checks: [],
  },
  rabbitmq: {
    variable: { version: SOFTWARE_VERSIONS.rabbitmq, count: 3 },
    nodes: { rabbitmq: 3 },
    checks: [
      {
        role: 'rabbitmq',
        script: `${RABBITMQCTL} cluster_status --formatter json`,
        expected: [/"running_nodes":\[("rabbit@10\.0\.1\.14[012]",?){3}\]/],
      },
    ],
  },
  pulsar: {
    variable: {
      version: SOFTWARE_VERSIONS.pulsar,
      zookeeper: { count: 3, heap_size: '128M' },
      bookkeeper: { count: 3, heap_size: '256M', direct_memory_size: '256M' },
      broker: { count: 2, heap_size: '384M', direct_memory_size: '256M', managed_ledger_cache_size_mb: 64 },
    },
    nodes: { zookeeper: 3, bookkeeper: 3, broker: 2 },
    checks: [
      {
        role: 'zookeeper',
        script: `for a in 10 11 12; do (exec 3<>/dev/tcp/10.0.1.$a/2181; echo srvr >&3; timeout 5 cat <&3) | grep Mode; done`,
        expected: [/Mode: leader/, /(Mode: follower\s+(Mode: leader\s+)?){2}/],
      },
      {
        role: 'broker',
        script: 'curl --fail --silent --show-error http://10.0.1.71:8080/admin/v2/brokers/bench',
        expected: [/10\.0\.1\.70:8080/, /10\.0\.1\.71:8080/],
      },
      {
        role: 'broker',
        script: 'curl --fail --silent --show-error http://10.0.1.70:8080/admin/v2/bookies/all',
        expected: [/10\.0\.1\.30:3181/, /10\.0\.1\.31:3181/, /10\.0\.1\.32:3181/],
      },
    ],
  },
}
