import type { PulsarConfig } from '../pulsar-config.ts'

/** What the package always does, where our own client lets one choose. */
const FIXED = {
  connectionsPerBroker: 1,
  keepAliveMs: 30_000,
  verifyChecksums: true,
  ackGroupMs: 100,
  ackGroupMessages: 1000,
  ackReceipts: false,
} as const satisfies Partial<PulsarConfig>
/** The package counts some waits in whole seconds. */
const SECOND_MS = 1000

/** Settings that the official package has no means for: path of the field, and the sentence. */
export function officialRefusals(config: PulsarConfig): (readonly [string, string])[] {
  const refusals: (readonly [string, string])[] = []
  for (const [field, value] of Object.entries(FIXED)) {
    if (config[field as keyof typeof FIXED] === value) continue
    refusals.push([field, `expected ${value}: client pulsar-client cannot change it`])
  }
  if (config.operationTimeoutMs % SECOND_MS !== 0) {
    refusals.push(['operationTimeoutMs', 'expected whole seconds with client pulsar-client'])
  }
  if (config.batching !== 'none' && config.batchDelayMs === 0) {
    refusals.push(['batchDelayMs', 'expected at least 1 with client pulsar-client, or batching: none'])
  }
  if (config.batching !== 'none' && config.batchMessages === 1) {
    refusals.push(['batchMessages', 'expected at least 2 with client pulsar-client, or batching: none'])
  }
  if (config.tls?.serverName !== undefined) {
    const sentence = 'expected none: client pulsar-client takes the host for the name in the certificate'
    refusals.push(['tls.serverName', sentence])
  }
  return refusals
}
