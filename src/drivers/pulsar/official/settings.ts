import type { ConsumerSpec, ProducerSpec } from '../../../driver/driver.ts'
import type { PulsarConfig } from '../pulsar-config.ts'
import type { OfficialLibrary } from './library.ts'

/** A field set of the package's own. */
export type OfficialSettings = Readonly<Record<string, unknown>>

const COMPRESSION = { none: 'None', lz4: 'LZ4', zlib: 'Zlib', zstd: 'ZSTD', snappy: 'SNAPPY' } as const
const SUBSCRIPTION = {
  exclusive: 'Exclusive',
  failover: 'Failover',
  shared: 'Shared',
  key_shared: 'KeyShared',
} as const
/** Its logger has one level for all: errors come back from the calls anyway. */
const LOG_LEVEL_ERROR = 3
/** Room in the package's queue beyond ours, so that ours alone decides: it frees places from another thread. */
const QUEUE_SLACK = 1000

/** How to reach the brokers (`host:port` each). */
export function clientSettings(
  library: OfficialLibrary,
  brokers: readonly string[],
  token: string | null,
  { tls, operationTimeoutMs }: PulsarConfig,
  connectTimeoutMs: number,
): OfficialSettings {
  return {
    serviceUrl: `${tls === undefined ? 'pulsar' : 'pulsar+ssl'}://${brokers.join(',')}`,
    operationTimeoutSeconds: operationTimeoutMs / 1000,
    connectionTimeoutMs: connectTimeoutMs,
    statsIntervalInSeconds: 0,
    logLevel: LOG_LEVEL_ERROR,
    ...(token !== null && { authentication: new library.AuthenticationToken({ token }) }),
    ...(tls !== undefined && {
      tlsValidateHostname: tls.rejectUnauthorized,
      tlsAllowInsecureConnection: !tls.rejectUnauthorized,
      ...(tls.caFile !== undefined && { tlsTrustCertsFilePath: tls.caFile }),
      ...(tls.certFile !== undefined && { tlsCertificateFilePath: tls.certFile }),
      ...(tls.keyFile !== undefined && { tlsPrivateKeyFilePath: tls.keyFile }),
    }),
  }
}

/** A producer of one partition's topic. */
export function producerSettings(spec: ProducerSpec, config: PulsarConfig, topic: string): OfficialSettings {
  return {
    topic,
    producerName: spec.name,
    sendTimeoutMs: config.sendTimeoutMs,
    maxPendingMessages: config.maxPendingMessages + QUEUE_SLACK,
    blockIfQueueFull: false,
    compressionType: COMPRESSION[config.compression],
    batchingEnabled: config.batching !== 'none',
    batchingType: config.batching === 'key' ? 'KeyBasedBatching' : 'DefaultBatching',
    batchingMaxMessages: config.batchMessages,
    batchingMaxAllowedSizeInBytes: config.batchBytes,
    batchingMaxPublishDelayMs: config.batchDelayMs,
  }
}

/** A consumer of one partition's topic. */
export function consumerSettings(
  spec: ConsumerSpec,
  config: PulsarConfig,
  topic: string,
  consumerName: string,
): OfficialSettings {
  return {
    topic,
    subscription: spec.subscription,
    subscriptionType: SUBSCRIPTION[config.subscriptionType],
    subscriptionInitialPosition: spec.startAt === 'earliest' ? 'Earliest' : 'Latest',
    consumerName,
    receiverQueueSize: config.receiverQueueSize,
    // One message a call, at once: larger batches are only given out when they are full or a timer has run out.
    batchReceivePolicy: { maxNumMessages: 1, maxNumBytes: -1, timeoutMs: -1 },
  }
}
