import { type BatchEncoder, createBatchEncoder } from '../../otlp/build/batch.ts'
import type { OtlpConfig } from './otlp-config.ts'

/** Resource attribute that names the topic: the sink tells by it whose records these are. */
export const TOPIC_ATTRIBUTE = 'bench.topic'
const KEY_ATTRIBUTE = 'bench.key'

/** The signal that carries the messages. */
export function signalOf(config: OtlpConfig): 'logs' | 'traces' {
  return config.item === 'log' ? 'logs' : 'traces'
}

/** Puts a topic's messages into requests. */
export function itemEncoder(topic: string, config: OtlpConfig): BatchEncoder {
  return createBatchEncoder(signalOf(config), {
    resource: { 'service.name': 'bench', ...config.resourceAttributes, [TOPIC_ATTRIBUTE]: topic },
    scopeName: 'bench',
    attributes: config.attributes,
    messageAttribute: config.messageAttribute,
    keyAttribute: KEY_ATTRIBUTE,
  })
}

/** The body as it goes over the wire. */
export function compressed(request: Uint8Array, config: OtlpConfig): Uint8Array {
  return config.compression === 'gzip' ? Bun.gzipSync(request as Uint8Array<ArrayBuffer>) : request
}
