import type { Acknowledger, Terms, TopicTerms } from '../../driver/driver.ts'
import type { KafkaClient } from './clients/client.ts'
import { isIdempotent, type KafkaConfig } from './kafka-config.ts'
import { kafkaGuarantees } from './kafka-guarantees.ts'

const ACKNOWLEDGERS: Readonly<Record<KafkaConfig['acks'], Acknowledger>> = {
  all: 'copies in sync',
  1: 'one copy',
  0: 'nobody',
}

/** How this driver file sets the side up, and the brokers as they name themselves. */
export function kafkaTerms(config: KafkaConfig, brokers: readonly string[]): Terms {
  return {
    acknowledgedBy: ACKNOWLEDGERS[config.acks],
    deduplicates: isIdempotent(config),
    batching: { lingerMs: config.lingerMs, maxBytes: config.batchBytes },
    compression: config.compression,
    consumerAcks: `offsets, every ${config.commitIntervalMs} ms`,
    hosts: brokers,
  }
}

/** The same of a topic as the brokers made it: replicas that it has, settings that hold for it. */
export async function kafkaTopicTerms(
  client: Pick<KafkaClient, 'describeTopic' | 'topicSettings'>,
  config: KafkaConfig,
  topic: string,
): Promise<TopicTerms> {
  const [described, found] = await Promise.all([client.describeTopic(topic), client.topicSettings(topic)])
  if (described === null) return {}
  const topicConfig = Object.fromEntries(found)
  const compression = compressionOf(config.compression, topicConfig['compression.type'])
  return {
    guarantees: kafkaGuarantees({ acks: config.acks, topicConfig }, described.replicas, new Map()),
    ...(compression === undefined ? {} : { terms: { compression } }),
  }
}

/** Brokers keep what producers sent, unless the topic names a codec of its own. */
function compressionOf(sent: string, kept: string | undefined): string | undefined {
  if (kept === undefined) return undefined
  const stored = kept === 'producer' ? sent : kept === 'uncompressed' ? 'none' : kept
  return stored === sent ? sent : `${sent}, stored as ${stored}`
}
