import type { Guarantees } from '../../driver/driver.ts'
import type { KafkaConfig } from './kafka-config.ts'

/** What stands behind an acknowledgement, from the driver file and the broker's own settings (`found`). */
export function kafkaGuarantees(
  { acks, topicConfig }: Pick<KafkaConfig, 'acks' | 'topicConfig'>,
  copies: number,
  found: ReadonlyMap<string, string>,
): Guarantees {
  const inSync = topicConfig['min.insync.replicas'] ?? found.get('min.insync.replicas')
  const flush = topicConfig['flush.messages'] ?? found.get('log.flush.interval.messages')
  return {
    copies,
    ...(acks === 'all'
      ? inSync === undefined
        ? {}
        : { copiesAtAck: Math.min(copies, Number(inSync)) }
      : { copiesAtAck: acks }),
    // Unset, the interval is the largest whole number: no broker flushes of its own accord before it acknowledges.
    syncedAtAck: acks !== 0 && flush === '1',
  }
}
