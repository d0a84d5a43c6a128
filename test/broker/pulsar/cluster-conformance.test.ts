// Goal: the Pulsar driver keeps the contract on several brokers (topology: cluster), every message on three bookies.
// Method: the conformance suite, under the guard, against one cluster that all checks share. Every subscription type
// is checked on a standalone (conformance.test.ts); here one stands for them, with what a careful user would set.
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { pulsarSubject, serversOf } from './conformance-subject.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'

let pulsar: LocalPulsar
beforeAll(async () => {
  pulsar = await localPulsar('cluster')
}, UP_LIMIT_MS)
afterAll(() => pulsar?.down(), UP_LIMIT_MS)

const settings = {
  subscriptionType: 'failover',
  persistence: { ensembleSize: 3, writeQuorum: 3, ackQuorum: 2 },
  deduplication: true,
  compression: 'zstd',
  connectionsPerBroker: 2,
}
conformanceSuite(
  pulsarSubject('pulsar cluster failover', settings, () => serversOf(pulsar)),
  { describe, test },
)
