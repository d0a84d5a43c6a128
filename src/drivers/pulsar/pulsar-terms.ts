import type { Guarantees, Terms } from '../../driver/driver.ts'
import type { PulsarConfig } from './pulsar-config.ts'

/** The broker's own defaults stand where the driver file names no persistence; whether bookies sync, it does not tell. */
export function pulsarGuarantees({ topicType, persistence }: PulsarConfig): Guarantees {
  if (topicType === 'non-persistent') return { copies: 0, copiesAtAck: 0, syncedAtAck: false }
  if (persistence === undefined) return {}
  return { copies: persistence.writeQuorum, copiesAtAck: persistence.ackQuorum }
}

/** How this driver file sets the side up. */
export function pulsarTerms(config: PulsarConfig): Terms {
  const { ackMode, ackGroupMs, ackGroupMessages, deduplication } = config
  const grouped = ackGroupMs === 0 ? 'at once' : `within ${ackGroupMs} ms or ${ackGroupMessages} together`
  return {
    acknowledgedBy: config.topicType === 'persistent' ? 'quorum of copies' : 'memory',
    ...(deduplication === undefined ? {} : { deduplicates: deduplication }),
    batching:
      config.batching === 'none'
        ? 'none'
        : {
            lingerMs: config.batchDelayMs,
            maxMessages: config.batchMessages,
            maxBytes: config.batchBytes,
          },
    compression: config.compression,
    consumerAcks: `${ackMode}, ${grouped}${config.ackReceipts ? ', confirmed by the server' : ''}`,
  }
}
