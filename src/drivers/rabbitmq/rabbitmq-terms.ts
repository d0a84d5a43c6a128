import type { Acknowledger, Guarantees, Terms } from '../../driver/driver.ts'
import { queueArgumentsOf } from './rabbitmq-admin.ts'
import type { RabbitmqConfig } from './rabbitmq-config.ts'

/** Classic queues have one copy; streams confirm without fsync; quorum queues and persistent messages with it. */
export function rabbitmqGuarantees(config: RabbitmqConfig): Guarantees {
  const { confirms, persistent } = config
  const { type, groupSize } = declaredQueue(config)
  const copies = type === 'classic' ? 1 : (groupSize ?? 'every node')
  if (!confirms) return { copies, copiesAtAck: 0, syncedAtAck: false }
  const copiesAtAck = type === 'classic' ? 1 : 'majority'
  return { copies, copiesAtAck, syncedAtAck: type !== 'stream' && persistent }
}

/** How this driver file sets the side up; `platform` as the server names it in its greeting. */
export function rabbitmqTerms(config: RabbitmqConfig, platform: string | undefined): Terms {
  return {
    acknowledgedBy: acknowledgerOf(config),
    deduplicates: false,
    // Many are written to the socket at once, but each is a message of its own to the server.
    batching: 'none',
    compression: 'none',
    consumerAcks: consumerAcksOf(config),
    ...(platform === undefined ? {} : { platform }),
  }
}

/** What is declared: arguments of the driver file win over its queue type. */
function declaredQueue(config: RabbitmqConfig): { type: string; groupSize: number | undefined } {
  const declared = queueArgumentsOf(config)
  const groupSize = declared['x-quorum-initial-group-size'] ?? declared['x-initial-cluster-size']
  return {
    type: String(declared['x-queue-type']),
    groupSize: typeof groupSize === 'number' ? groupSize : undefined,
  }
}

function acknowledgerOf(config: RabbitmqConfig): Acknowledger {
  if (!config.confirms) return 'nobody'
  if (declaredQueue(config).type !== 'classic') return 'majority of copies'
  return config.persistent ? 'one copy' : 'memory'
}

function consumerAcksOf({ ackMode, ackMultiple, prefetch }: RabbitmqConfig): string {
  if (ackMode === 'auto') return 'none: what is in the socket counts as consumed'
  return `${ackMultiple ? 'one for each batch of deliveries' : 'one for each message'}, at most ${prefetch} open`
}
