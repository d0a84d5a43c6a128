// Goal: on one real broker (topology: single) the Pulsar driver keeps the contract with every subscription type, its
// acknowledgements arrive, and the broker's own figures agree with the audit.
// Method: the conformance suite, under the guard, and two groups of tests of their own, all on one standalone.
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { acknowledgementTests } from './acks.ts'
import { pulsarSubject, serversOf } from './conformance-subject.ts'
import { figureTests } from './figures.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'

let pulsar: LocalPulsar
beforeAll(async () => {
  pulsar = await localPulsar('single')
}, UP_LIMIT_MS)
afterAll(() => pulsar?.down(), UP_LIMIT_MS)

const SIDES = [
  { subscriptionType: 'exclusive' },
  { subscriptionType: 'exclusive', ackMode: 'cumulative', compression: 'lz4' },
  { subscriptionType: 'failover' },
  { subscriptionType: 'shared', compression: 'zstd' },
  // Keyless messages are dealt out by entry: with small ones both consumers get a share.
  { subscriptionType: 'key_shared', batching: 'key', batchMessages: 5 },
  { subscriptionType: 'exclusive', batching: 'none', batchDelayMs: 0 },
  // Nothing waits in the broker: what finds no room ahead of the consumer is lost.
  { topicType: 'non-persistent', receiverQueueSize: 100_000, maxPendingMessages: 1000 },
] as const
for (const settings of SIDES) {
  const name = `pulsar single ${Object.values(settings).join(' ')}`
  const subject = pulsarSubject(name, settings, () => serversOf(pulsar))
  conformanceSuite(subject, { describe, test })
}

describe('acknowledgements', () => acknowledgementTests(() => pulsar))
describe("the broker's own figures", () => figureTests(() => pulsar))
