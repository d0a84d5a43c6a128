// Goal: the seeded faults of the fake are exact, so that an audit can be measured against them: k of each kind in every
// subscription, touching no other message. Method: many seeds over all shapes and kinds of streams on a simulated
// clock, audited here in the plainest way (lists and sets).
import { describe, expect, test } from 'bun:test'
import { type FaultOutcome, type FaultRun, runFaults } from './fault-run.ts'

const COUNTS = { lose: 3, duplicate: 4, swap: 5, corrupt: 2, acknowledgeAndDrop: 6 }
const WINDOW = 300

const BASE: FaultRun = {
  options: {},
  messages: 400,
  partitions: 4,
  subscriptions: 2,
  consumersPerSubscription: 1,
  producers: 1,
  streams: 4,
  keyed: false,
  batch: 10,
}

function withFaults(run: FaultRun, seed: number, window = WINDOW): FaultRun {
  return { ...run, options: { ...run.options, faults: { seed, window, ...COUNTS } } }
}

function expectExact(outcome: FaultOutcome, subscriptions: number): void {
  expect(outcome.unknown).toBe(COUNTS.lose)
  expect(outcome.rejected).toBe(0)
  expect(outcome.findings).toEqual(
    Array.from({ length: subscriptions }, () => ({
      lost: COUNTS.lose + COUNTS.acknowledgeAndDrop + COUNTS.corrupt,
      acknowledgedLost: COUNTS.acknowledgeAndDrop + COUNTS.corrupt,
      duplicated: COUNTS.duplicate,
      outOfOrder: COUNTS.swap,
      corrupted: COUNTS.corrupt,
    })),
  )
}

const RUNS: readonly (readonly [string, FaultRun])[] = [
  ['log, one stream a partition', { ...BASE, options: { shape: 'log' } }],
  ['log, keys, two producers', { ...BASE, options: { shape: 'log' }, keyed: true, streams: 7, producers: 2 }],
  ['log, two consumers, one message a batch', { ...BASE, consumersPerSubscription: 2, batch: 1 }],
  ['queue, one consumer', { ...BASE, options: { shape: 'queue', ackDelayMs: 3, deliveryDelayMs: 5 } }],
  ['queue, keys', { ...BASE, options: { shape: 'queue' }, keyed: true, streams: 5, subscriptions: 1 }],
  ['queue, one queue', { ...BASE, options: { shape: 'queue' }, partitions: 1, streams: 1 }],
  ['fanout, receivers of their streams', fanout(5)],
  ['sink', { ...BASE, options: { shape: 'sink' }, partitions: 1, streams: 1, subscriptions: 1 }],
]

function fanout(receivers: number): FaultRun {
  const shape = { options: { shape: 'fanout' }, partitions: 1, keyed: true, streams: 20 } as const
  return { ...BASE, ...shape, consumersPerSubscription: receivers }
}

describe('exactly k of each fault', () => {
  for (const [name, run] of RUNS) {
    test(`${name}, 60 seeds`, async () => {
      for (let seed = 1; seed <= 60; seed++) {
        expectExact(await runFaults(withFaults(run, seed)), run.subscriptions)
      }
    }, 30_000)
  }
})

test('competing consumers: both copies of a duplicate never come to one of them', async () => {
  const run = { ...BASE, options: { shape: 'queue' }, consumersPerSubscription: 3 } as const
  for (let seed = 1; seed <= 100; seed++) {
    const outcome = await runFaults(withFaults(run, seed))
    expectExact(outcome, run.subscriptions)
    expect(outcome.duplicates).toBe(COUNTS.duplicate)
    expect(outcome.duplicatesApart).toBe(COUNTS.duplicate)
  }
}, 30_000)

test('the smallest window still has room for every fault', async () => {
  const total = Object.values(COUNTS).reduce((sum, count) => sum + count, 0)
  const run = { ...BASE, partitions: 1, streams: 1, messages: total * 6 }
  for (let seed = 1; seed <= 60; seed++) {
    expectExact(await runFaults(withFaults(run, seed, total * 6)), run.subscriptions)
  }
}, 30_000)

test('a window too small is refused', async () => {
  await expect(runFaults(withFaults(BASE, 1, 100))).rejects.toThrow('window')
})

test('the same seed draws the same messages, another one others', async () => {
  const drawn = async (seed: number) => (await runFaults(withFaults(BASE, seed))).missing
  expect(await drawn(7)).toEqual(await drawn(7))
  expect(await drawn(7)).not.toEqual(await drawn(8))
})

test('no faults asked, no faults found', async () => {
  const outcome = await runFaults(BASE)
  const none = { lost: 0, acknowledgedLost: 0, duplicated: 0, outOfOrder: 0, corrupted: 0 }
  expect(outcome.findings).toEqual([none, none])
})
