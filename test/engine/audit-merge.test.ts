// Goal: the audit finds exactly what went wrong, whichever process saw it. Method: for 1,000 seeds, streams are sent,
// and k losses, duplicates, swaps, corruptions and acknowledged-and-dropped messages planted, with 1 and 2
// subscriptions and 1 to 3 receiving processes; the merged audit must name exactly k of each.
import { describe, expect, test } from 'bun:test'
import { type AuditInput, mergeAudit } from '../../src/engine/audit-merge.ts'
import { EMPTY_HISTOGRAM, Recorder } from '../../src/engine/histogram.ts'
import { newRandom, type Random } from '../../src/engine/random.ts'
import { createAuditBudget, ReceivedStreams } from '../../src/engine/received-streams.ts'
import { SentStreams } from '../../src/engine/sent-streams.ts'

const MESSAGES = 400
const INTERVAL_US = 1000
const END_US = 10_000_000
const MEASURE_FROM = 100

/** Distinct message numbers, at least two apart so that one fault never touches another. */
function pick(random: Random, count: number, taken: Set<number>): number[] {
  const picked: number[] = []
  while (picked.length < count) {
    const n = 1 + random.below(MESSAGES - 3)
    if ([n - 1, n, n + 1, n + 2].some((near) => taken.has(near))) continue
    taken.add(n)
    taken.add(n + 1)
    picked.push(n)
  }
  return picked
}

interface Planted {
  readonly lostUnknown: number[]
  readonly dropped: number[]
  readonly corrupted: number[]
  readonly duplicated: number[]
  readonly duplicatedElsewhere: number[]
  readonly swapped: number[]
  readonly rejected: number[]
  readonly ghosts: number[]
}

function plant(random: Random): Planted {
  const taken = new Set<number>()
  const some = () => pick(random, random.below(6), taken)
  return {
    lostUnknown: some(),
    dropped: some(),
    corrupted: some(),
    duplicated: some(),
    duplicatedElsewhere: some(),
    swapped: some(),
    rejected: some(),
    ghosts: some(),
  }
}

function sentStreams(planted: Planted) {
  const streams = new SentStreams(1)
  for (let n = 0; n < MESSAGES; n++) {
    streams.accepted(0, streams.take(0), n * INTERVAL_US, n >= MEASURE_FROM)
  }
  for (const n of planted.lostUnknown) streams.unknown(0, n)
  for (const n of [...planted.rejected, ...planted.ghosts]) streams.rejected(0, n)
  return streams.report(0, 't')
}

/** Delivers to `workers` processes; a stream stays with one of them, faults apart. */
function receive(random: Random, subscription: string, planted: Planted, workers: number) {
  const processes = Array.from(
    { length: workers },
    () => new ReceivedStreams('t', subscription, createAuditBudget()),
  )
  const home = random.below(workers)
  const order: number[] = []
  const missing = new Set([
    ...planted.lostUnknown,
    ...planted.dropped,
    ...planted.corrupted,
    ...planted.rejected,
  ])
  for (let n = 0; n < MESSAGES; n++) if (!missing.has(n)) order.push(n)
  for (const n of planted.swapped) {
    const at = order.indexOf(n)
    const next = order[at + 1]!
    order[at] = next
    order[at + 1] = n
  }
  let highest = -1
  const record = processes[home]!.record(0, 0)
  for (const n of order) {
    processes[home]!.note(record, n)
    if (n < highest) record.outOfOrder++
    highest = Math.max(highest, n)
    if (planted.duplicated.includes(n)) processes[home]!.note(record, n)
  }
  for (const n of planted.duplicatedElsewhere) {
    const other = processes[(home + 1) % workers]!
    other.note(other.record(0, 0), n)
  }
  processes[home]!.counts.corrupted += planted.corrupted.length
  for (const process of processes) {
    process.counts.received = process.report().reduce((sum, stream) => sum + stream.deliveries, 0)
  }
  return processes
}

function inputOf(seed: number, subscriptions: number): { input: AuditInput; planted: Planted } {
  const random = newRandom(seed)
  const planted = plant(random)
  const names = Array.from({ length: subscriptions }, (_, i) => ({ topic: 't', subscription: `s${i}` }))
  const processes = names.flatMap((name) => receive(random, name.subscription, planted, 1 + random.below(3)))
  const input: AuditInput = {
    sent: sentStreams(planted),
    received: processes.flatMap((process) => process.report()),
    subscriptionCounts: processes.map(({ topic, subscription, counts }) => ({
      topic,
      subscription,
      ...counts,
    })),
    neverSent: [],
    expectedSubscriptions: names,
    overflowed: false,
    endUs: END_US,
  }
  return { input, planted }
}

describe.each([1, 2])('%p subscriptions', (subscriptions) => {
  test('1,000 seeds: exactly what was planted', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const { input, planted } = inputOf(seed, subscriptions)
      const { audits, delivered, censoredEndToEnd } = mergeAudit(input)
      const gone = planted.dropped.length + planted.corrupted.length
      const undelivered = gone + planted.lostUnknown.length + planted.rejected.length
      expect(audits.length).toBe(subscriptions)
      for (const audit of audits) {
        expect({ seed, ...audit }).toMatchObject({
          seed,
          sent: MESSAGES,
          rejected: planted.rejected.length + planted.ghosts.length,
          unknown: planted.lostUnknown.length,
          distinct: MESSAGES - undelivered,
          lost: gone + planted.lostUnknown.length,
          acknowledgedLost: gone,
          duplicated: planted.duplicated.length + planted.duplicatedElsewhere.length,
          outOfOrder: planted.swapped.length,
          corrupted: planted.corrupted.length,
          ghosts: planted.ghosts.length,
        })
      }
      // What was scheduled is delivered or censored: nothing else.
      expect(delivered.warmup + censoredEndToEnd.warmup.count).toBe(MEASURE_FROM * subscriptions)
      expect(delivered.measure + censoredEndToEnd.measure.count).toBe(
        (MESSAGES - MEASURE_FROM) * subscriptions,
      )
    }
  })
})

const NONE: Planted = {
  lostUnknown: [],
  dropped: [],
  corrupted: [],
  duplicated: [],
  duplicatedElsewhere: [],
  swapped: [],
  rejected: [],
  ghosts: [],
}

function inputWith(planted: Partial<Planted>, workers: number): AuditInput {
  const processes = receive(newRandom(1), 's', { ...NONE, ...planted }, workers)
  return {
    sent: sentStreams({ ...NONE, ...planted }),
    received: processes.flatMap((process) => process.report()),
    subscriptionCounts: processes.map(({ topic, subscription, counts }) => ({
      topic,
      subscription,
      ...counts,
    })),
    neverSent: [],
    expectedSubscriptions: [{ topic: 't', subscription: 's' }],
    overflowed: false,
    endUs: END_US,
  }
}

test('a duplicate in two processes is one first delivery too many, and is counted as that', () => {
  const merged = mergeAudit(inputWith({ duplicatedElsewhere: [50, 150, 151] }, 2))
  expect(merged.duplicatedAcrossWorkers).toEqual({ warmup: 1, measure: 2 })
  expect(merged.audits[0]!.duplicated).toBe(3)
})

test('a missing message is censored with a true lower bound, whatever the stride of the checkpoints', () => {
  for (const stride of [1, 2, 16, 128]) {
    const input = inputWith({ dropped: [301] }, 1)
    const stream = input.sent[0]!
    const kept = stream.checkpointsUs.filter((_, i) => i % stride === 0)
    const last = stream.checkpointsUs.at(-1)!
    const coarse = { ...stream, checkpointStride: stride, checkpointsUs: [...kept, last] }
    const { censoredEndToEnd } = mergeAudit({ ...input, sent: [coarse] })
    const bound = new Recorder()
    bound.recordCount(END_US - Math.min(Math.ceil(301 / stride) * stride, MESSAGES - 1) * INTERVAL_US, 1)
    expect(censoredEndToEnd.measure).toEqual(bound.encode())
  }
})

test('never-sent messages are censored once per subscription', () => {
  const never = new Recorder()
  never.recordCount(5_000_000, 7)
  const input: AuditInput = {
    ...inputWith({}, 1),
    expectedSubscriptions: [
      { topic: 't', subscription: 's' },
      { topic: 't', subscription: 'other' },
    ],
    neverSent: [{ topic: 't', latencies: { warmup: EMPTY_HISTOGRAM, measure: never.encode() } }],
  }
  const { censoredEndToEnd, audits } = mergeAudit(input)
  expect(censoredEndToEnd.measure.count).toBe(14 + (MESSAGES - MEASURE_FROM))
  expect(audits[1]).toMatchObject({ subscription: 'other', distinct: 0, acknowledgedLost: MESSAGES })
})

test('deliveries beyond what a producer had accepted are ghosts; of a producer that never reported, nobody knows', () => {
  const input = inputWith({}, 1)
  const short = input.sent.map((stream) => ({ ...stream, sent: MESSAGES - 5 }))
  expect(mergeAudit({ ...input, sent: short }).audits[0]).toMatchObject({ ghosts: 5, lost: 0 })
  expect(mergeAudit({ ...input, sent: [] }).audits[0]).toMatchObject({ ghosts: 0, distinct: MESSAGES })
})

test('redelivered duplicates in another process count as redelivered', () => {
  const input = inputWith({ duplicatedElsewhere: [50, 150] }, 2)
  const received = input.received.map((stream) =>
    stream.deliveries === 2 ? { ...stream, redeliveredFirst: 2 } : stream,
  )
  expect(mergeAudit({ ...input, received }).audits[0]).toMatchObject({ duplicated: 2, redelivered: 2 })
})

test('an overflowed audit gives counts only, and says so', () => {
  const input = inputWith({ dropped: [300, 310] }, 1)
  const { audits, delivered, censoredEndToEnd } = mergeAudit({
    ...input,
    received: input.received.map((stream) => ({ ...stream, set: new Uint8Array(0) })),
    overflowed: true,
  })
  expect(audits[0]).toMatchObject({ overflowed: true, received: MESSAGES - 2, lost: 2 })
  expect(delivered.measure + censoredEndToEnd.measure.count).toBe(MESSAGES - MEASURE_FROM)
})
