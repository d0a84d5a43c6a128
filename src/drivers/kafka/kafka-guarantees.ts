import type { Guarantees } from '../../driver/driver.ts'
import type { KafkaConfig } from './kafka-config.ts'

/** What stands behind an acknowledgement, from the driver file and the broker's own settings (`found`). */
export function kafkaGuarantees(
  { acks, topicConfig }: Pick<KafkaConfig, 'acks' | 'topicConfig'>,
  copies: number,
  found: ReadonlyMap<string, string>,
): Guarantees {
  if (acks === 0) return { copies, copiesAtAck: 0, syncedAtAck: false }
  const inSync = topicConfig['min.insync.replicas'] ?? found.get('min.insync.replicas')
  const atAck = acks === 1 ? 1 : inSync === undefined ? undefined : Math.min(copies, Number(inSync))
  // Servers that only speak the protocol may flush as they like and tell nothing.
  const flush = topicConfig['flush.messages'] ?? found.get('log.flush.interval.messages')
  return {
    copies,
    ...(atAck === undefined ? {} : { copiesAtAck: atAck }),
    ...(flush === undefined ? {} : { syncedAtAck: flush === '1' }),
  }
}
