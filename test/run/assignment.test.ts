// Goal: the plan of a trial gives every producer and consumer to exactly one worker. Method: properties over small
// workloads, and the exact spread of a known one.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { assign } from '../../src/run/assignment.ts'
import type { Workload } from '../../src/workload/model.ts'

const WORKLOAD: Workload = {
  name: 'w',
  topics: 1,
  partitionsPerTopic: 4,
  keyDistributor: 'NO_KEY',
  messageBytes: 1024,
  payload: { kind: 'fixed' },
  subscriptionsPerTopic: 1,
  producersPerTopic: 1,
  consumersPerSubscription: 1,
  producerRateHz: 1000,
  consumerRateHz: null,
  warmupS: 1,
  durationS: 2,
  drivers: null,
}

function assignment(overrides: Partial<Workload>, workers: number) {
  return assign({ workload: { ...WORKLOAD, ...overrides }, workers, runId: 1, seed: 1, namePrefix: 'p' })
}

test('every producer and consumer has exactly one worker, and no worker is idle', () => {
  const small = fc.integer({ min: 1, max: 5 })
  fc.assert(
    fc.property(small, small, small, small, small, (topics, producers, subscriptions, consumers, workers) => {
      const { workers: made, topics: specs } = assignment(
        {
          topics,
          producersPerTopic: producers,
          subscriptionsPerTopic: subscriptions,
          consumersPerSubscription: consumers,
        },
        workers,
      )
      const producerIds = made.flatMap((worker) => worker.spec.producers.map((producer) => producer.id))
      const consumerIds = made.flatMap((worker) => worker.spec.consumers.map((consumer) => consumer.id))
      expect(producerIds.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: topics * producers }, (_, i) => i),
      )
      expect(consumerIds.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: topics * subscriptions * consumers }, (_, i) => i),
      )
      expect(specs).toHaveLength(topics)
      for (const worker of made) {
        expect(worker.spec.producers.length + worker.spec.consumers.length).toBeGreaterThan(0)
        expect(worker.spec.producerCount).toBe(topics * producers)
      }
    }),
  )
})

test('together: each topic has one worker that sends and receives all of it', () => {
  const made = (topics: number, workers: number) =>
    assign({
      workload: {
        ...WORKLOAD,
        topics,
        producersPerTopic: 2,
        subscriptionsPerTopic: 2,
        consumersPerSubscription: 3,
      },
      workers,
      together: true,
      runId: 1,
      seed: 1,
      namePrefix: 'p',
    }).workers
  for (const [topics, workers, expected] of [
    [1, 4, 1],
    [5, 2, 2],
    [3, 3, 3],
  ] as const) {
    const all = made(topics, workers)
    expect(all.map(({ role }) => role)).toEqual(Array.from({ length: expected }, () => 'both'))
    const topicsOf = all.map(({ spec }) => ({
      sent: new Set(spec.producers.map(({ topic }) => topic)),
      received: new Set(spec.consumers.map(({ topic }) => topic)),
    }))
    for (const { sent, received } of topicsOf) expect(sent).toEqual(received)
    expect(topicsOf.reduce((sum, { sent }) => sum + sent.size, 0)).toBe(topics)
    expect(all.flatMap(({ spec }) => spec.producers)).toHaveLength(topics * 2)
    expect(all.flatMap(({ spec }) => spec.consumers)).toHaveLength(topics * 6)
  }
})

test('more workers than producers make no idle process', () => {
  const { workers } = assignment({ consumersPerSubscription: 3 }, 4)
  expect(workers.filter((worker) => worker.role === 'producer')).toHaveLength(1)
  expect(workers.filter((worker) => worker.role === 'consumer')).toHaveLength(3)
})

test('a consumer rate is shared by the consumers of a subscription over all topics', () => {
  const { workers } = assignment({ topics: 2, consumersPerSubscription: 2, consumerRateHz: 1000 }, 1)
  const rates = workers.flatMap((worker) => worker.spec.consumers.map((consumer) => consumer.rateHz))
  expect(rates).toEqual([250, 250, 250, 250])
})

test('consumers that are servers: every process has one of every topic', () => {
  const small = fc.integer({ min: 1, max: 5 })
  fc.assert(
    fc.property(small, small, small, (topics, consumersPerSubscription, workers) => {
      const workload = { ...WORKLOAD, topics, consumersPerSubscription }
      const { workers: made } = assign({
        ...{ workload, workers, runId: 1, seed: 1, namePrefix: 'p' },
        consumersAreServers: true,
      })
      const consumers = made.filter(({ role }) => role === 'consumer').map(({ spec }) => spec.consumers)
      expect(consumers).toHaveLength(Math.min(workers, consumersPerSubscription))
      for (const own of consumers) expect(new Set(own.map(({ topic }) => topic)).size).toBe(topics)
      const ids = consumers.flat().map(({ id }) => id)
      expect(new Set(ids).size).toBe(topics * consumersPerSubscription)
      expect(ids).toHaveLength(topics * consumersPerSubscription)
    }),
  )
})
