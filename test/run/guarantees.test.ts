// Goal: what a side guarantees is said alike for every system. Method: the drivers' statements for settings whose meaning
// is documented, joined with what a local broker of one or three nodes states.
import { expect, test } from 'bun:test'
import type { BrokerNode, LocalBroker } from '../../src/brokers/broker.ts'
import { kafkaGuarantees } from '../../src/drivers/kafka/kafka-guarantees.ts'
import { pulsarConfigSchema } from '../../src/drivers/pulsar/pulsar-config.ts'
import { pulsarGuarantees } from '../../src/drivers/pulsar/pulsar-terms.ts'
import { rabbitmqConfigSchema } from '../../src/drivers/rabbitmq/rabbitmq-config.ts'
import { rabbitmqGuarantees } from '../../src/drivers/rabbitmq/rabbitmq-terms.ts'
import { knownGuarantees } from '../../src/run/guarantees.ts'

const brokerOf = (nodes: number, guarantees?: LocalBroker['guarantees']) => ({
  nodes: Array.from({ length: nodes }, () => ({}) as BrokerNode),
  ...(guarantees === undefined ? {} : { guarantees }),
})
const rabbitmq = (settings: object) => rabbitmqGuarantees(rabbitmqConfigSchema.parse(settings))
const pulsar = (settings: object) => pulsarGuarantees(pulsarConfigSchema.parse(settings))

test.each([
  ['all', {}, { copies: 3, copiesAtAck: 2, syncedAtAck: false }],
  ['all', { 'min.insync.replicas': '3' }, { copies: 3, copiesAtAck: 3, syncedAtAck: false }],
  ['all', { 'flush.messages': '1' }, { copies: 3, copiesAtAck: 2, syncedAtAck: true }],
  [1, {}, { copies: 3, copiesAtAck: 1, syncedAtAck: false }],
  [0, { 'flush.messages': '1' }, { copies: 3, copiesAtAck: 0, syncedAtAck: false }],
] as const)('a log with acks %p and %j', (acks, topicConfig, expected) => {
  const found = new Map([
    ['min.insync.replicas', '2'],
    ['log.flush.interval.messages', '9223372036854775807'],
  ])
  expect(kafkaGuarantees({ acks, topicConfig }, 3, found)).toEqual(expected)
})

test('what a server does not tell is not known', () => {
  expect(kafkaGuarantees({ acks: 'all', topicConfig: {} }, 3, new Map())).toEqual({ copies: 3 })
})

test('every node and the majority are numbers only where the nodes are known', () => {
  const quorum = rabbitmq({})
  expect(knownGuarantees(quorum, brokerOf(3))).toEqual({ copies: 3, copiesAtAck: 2, syncedAtAck: true })
  expect(knownGuarantees(quorum, brokerOf(1))).toEqual({ copies: 1, copiesAtAck: 1, syncedAtAck: true })
  expect(knownGuarantees(quorum, null)).toEqual({ syncedAtAck: true })
  expect(knownGuarantees(rabbitmq({ quorumGroupSize: 5 }), null)).toMatchObject({ copies: 5, copiesAtAck: 3 })
})

test('queues: streams confirm before the disk, classic queues have one copy, no confirms promise nothing', () => {
  expect(rabbitmq({ queueType: 'stream' })).toMatchObject({ copiesAtAck: 'majority', syncedAtAck: false })
  expect(rabbitmq({ queueType: 'classic' })).toEqual({ copies: 1, copiesAtAck: 1, syncedAtAck: true })
  expect(rabbitmq({ queueType: 'classic', persistent: false }).syncedAtAck).toBe(false)
  expect(rabbitmq({ confirms: false })).toMatchObject({ copiesAtAck: 0, syncedAtAck: false })
})

test('a ledger takes what the local broker states, unless the driver file says otherwise', () => {
  const broker = brokerOf(6, { copies: 3, copiesAtAck: 2, syncedAtAck: false })
  expect(knownGuarantees(pulsar({}), broker)).toEqual({ copies: 3, copiesAtAck: 2, syncedAtAck: false })
  const persistence = { ensembleSize: 3, writeQuorum: 2, ackQuorum: 1 }
  expect(knownGuarantees(pulsar({ persistence }), broker)).toMatchObject({ copies: 2, copiesAtAck: 1 })
  expect(knownGuarantees(pulsar({ topicType: 'non-persistent' }), broker)).toMatchObject({ copies: 0 })
  expect(knownGuarantees(pulsar({}), null)).toEqual({})
})
