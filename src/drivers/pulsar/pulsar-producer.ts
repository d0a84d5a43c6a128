import type { Producer, ProducerSpec } from '../../driver/driver.ts'
import type { Client } from './client/client.ts'
import type { PulsarConfig } from './pulsar-config.ts'

/** Full name of a topic. */
export function fullName(config: PulsarConfig, topic: string): string {
  return `${config.topicType}://${config.namespace}/${topic}`
}

/** A producer with the settings of the driver file. */
export function createPulsarProducer(
  spec: ProducerSpec,
  config: PulsarConfig,
  client: Client,
  signal: AbortSignal,
): Promise<Producer> {
  return client.createProducer(
    {
      topic: fullName(config, spec.topic),
      partitions: spec.partitions,
      name: spec.name,
      compression: config.compression,
      batching: config.batching,
      batchMessages: config.batchMessages,
      batchBytes: config.batchBytes,
      batchDelayMs: config.batchDelayMs,
      maxPendingMessages: config.maxPendingMessages,
      maxPendingBytes: config.maxPendingBytes,
      sendTimeoutMs: config.sendTimeoutMs,
      onSettled: spec.onSettled,
      onWritable: spec.onWritable,
    },
    signal,
  )
}
