import type { Capabilities } from '../../driver/capabilities.ts'
import { notMasked, type OtlpConfig } from './otlp-config.ts'

/** What OTLP can do: records in, records out at the sink, in any order. */
export function otlpCapabilities(config: OtlpConfig): Capabilities {
  return {
    partitions: 'none',
    choosesPartition: false,
    subscriptions: false,
    orderDomain: 'none',
    sharedStreams: true,
    delivery: config.answerMeans === 'accepted' ? 'best-effort' : 'at-least-once',
    violationKinds: config.maskedAttributes.map(notMasked),
    redeliveryFlag: false,
    redelivers: false,
    replay: false,
    keys: true,
    filtersByStream: false,
    consumerIsServer: true,
    transactions: false,
    brokerTimestamps: false,
    maxMessageBytes: config.batchBytes,
  }
}
