// Goal: the small parts keep their promises on their own: bounded logs, recycled memory, payloads, keys, limits.
// Method: properties against naive versions where there is one, else the promise in a few lines.
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { BusyLog } from '../../src/engine/busy-log.ts'
import { recordCensored } from '../../src/engine/censor.ts'
import { DriverTime } from '../../src/engine/driver-time.ts'
import { ENVELOPE_BYTES } from '../../src/engine/envelope.ts'
import { Recorder } from '../../src/engine/histogram.ts'
import { InFlightBook } from '../../src/engine/in-flight.ts'
import { createKeys, KEY_COUNT } from '../../src/engine/keys.ts'
import { MAX_BUSY_INTERVALS, MAX_CHECKPOINTS_PER_STREAM } from '../../src/engine/limits.ts'
import { createBodies } from '../../src/engine/payload.ts'
import { constantSchedule } from '../../src/engine/schedule.ts'
import { SentStreams } from '../../src/engine/sent-streams.ts'
import { createSequenceRuns } from '../../src/engine/sequence-runs.ts'
import { createSlabPool } from '../../src/engine/slab-pool.ts'
import { createTokenBucket } from '../../src/engine/token-bucket.ts'

describe('BusyLog', () => {
  test('knows the busy time until any instant that was not forgotten', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 50 }), fc.nat({ max: 50 })), { maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.nat({ max: 3000 }), (list, forgottenUs) => {
        const log = new BusyLog()
        const busy: boolean[] = []
        for (const [idle, length] of list) {
          for (let i = 0; i < idle; i++) busy.push(false)
          log.record(busy.length, busy.length + length)
          for (let i = 0; i < length; i++) busy.push(true)
        }
        log.forget(forgottenUs)
        for (let us = forgottenUs; us < busy.length + 10; us += 7) {
          expect(log.totalAt(us)).toBeCloseTo(busy.slice(0, us).filter(Boolean).length, 6)
        }
      }),
    )
  })

  test('stays bounded, and right at the joints, when nobody lets it forget', () => {
    const log = new BusyLog()
    for (let i = 0; i < MAX_BUSY_INTERVALS * 3; i++) log.record(i * 10, i * 10 + 5)
    const totalUs = MAX_BUSY_INTERVALS * 3 * 5
    expect(log.totalAt(Number.POSITIVE_INFINITY)).toBe(totalUs)
    expect(Math.abs(log.totalAt(MAX_BUSY_INTERVALS * 15) - totalUs / 2)).toBeLessThan(50)
  })
})

test('driver time counts calls of all, own refusals, and no instant twice', () => {
  const calls = new BusyLog()
  const mine = new DriverTime(calls)
  calls.record(100, 200)
  mine.refuse(200)
  // Another producer's call while this one is refused.
  calls.record(300, 400)
  mine.accept(600)
  expect(mine.refused).toBe(false)
  expect(mine.totalAt(600) - mine.totalAt(0)).toBe(500)
  expect(mine.totalAt(1000) - mine.totalAt(600)).toBe(0)
})

test('censoring by counters gives what censoring by messages would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      fc.nat({ max: 3000 }),
      fc.nat({ max: 3000 }),
      fc.integer({ min: 0, max: 40_000_000 }),
      (rateHz, a, b, endUs) => {
        const share = { index: 0, of: 1 }
        const schedule = constantSchedule({ rateHz, durationUs: 3600e6, share })
        const [from, to] = [Math.min(a, b), Math.min(schedule.totalCount, Math.max(a, b))]
        const quick = new Recorder()
        recordCensored(quick, schedule, from, to, endUs)
        const slow = new Recorder()
        for (let j = from; j < to; j++) slow.record(Math.max(0, endUs - schedule.instantUs(j)))
        expect(quick.encode()).toEqual(slow.encode())
      },
    ),
  )
})

test('a hundred million messages are censored without a loop over them', () => {
  const schedule = constantSchedule({ rateHz: 3e6, durationUs: 60e6, share: { index: 0, of: 1 } })
  const calls = { due: 0 }
  const counting = {
    ...schedule,
    dueCount(us: number) {
      calls.due++
      return schedule.dueCount(us)
    },
  }
  const recorder = new Recorder()
  recordCensored(recorder, counting, 0, schedule.totalCount, 90e6)
  expect(recorder.count).toBe(180_000_000)
  expect(calls.due).toBeLessThan(30_000)
})

test('the book of what is in flight keeps every message while the ring grows and settles in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1000 }), { maxLength: 400 }), (picks) => {
      const book = new InFlightBook()
      const open = new Set<number>()
      for (const pick of picks) {
        for (let i = 0; i < 13; i++) {
          open.add(book.next)
          book.add(book.next * 10, book.next % 5, book.next * 2, book.next % 7)
        }
        const sequence = [...open][pick % open.size]!
        expect([book.isOpen(sequence), book.sentUs(sequence), book.stream(sequence)]).toEqual([
          true,
          sequence * 10,
          sequence % 5,
        ])
        expect([book.streamSequence(sequence), book.slab(sequence)]).toEqual([sequence * 2, sequence % 7])
        book.close(sequence)
        open.delete(sequence)
        expect(book.isOpen(sequence)).toBe(false)
      }
      expect(book.pending).toBe(open.size)
      if (open.size > 0) expect(book.oldest).toBe(Math.min(...open))
    }),
    { numRuns: 20 },
  )
})

describe('slabs', () => {
  const pool = () => createSlabPool(1000, createBodies({ kind: 'fixed' }, 1000, 1), 1)

  test('are used again once all is settled, and not before', () => {
    const slabs = pool()
    const first = slabs.withRoom(500)
    slabs.accepted(first, 500)
    const second = slabs.withRoom(500)
    expect(second).not.toBe(first)
    slabs.accepted(second, 500)
    for (let i = 0; i < 499; i++) slabs.settled(first.id, false)
    expect(slabs.withRoom(500)).not.toBe(first)
    slabs.settled(first.id, false)
    const again = [slabs.withRoom(500)]
    slabs.accepted(again[0]!, 500)
    again.push(slabs.withRoom(500))
    expect(again).toContain(first)
  })

  test('are never written again after an unknown outcome', () => {
    const slabs = pool()
    const seen = slabs.withRoom(10)
    slabs.accepted(seen, 10)
    for (let i = 0; i < 10; i++) slabs.settled(seen.id, i === 3)
    for (let i = 0; i < 50; i++) {
      const slab = slabs.withRoom(500)
      expect(slab).not.toBe(seen)
      slabs.accepted(slab, 500)
      for (let n = 0; n < 500; n++) slabs.settled(slab.id, false)
    }
  })

  test('a batch that was refused gives its slots back', () => {
    const slabs = pool()
    const slab = slabs.withRoom(300)
    slabs.accepted(slab, 100)
    expect(slabs.withRoom(300)).toBe(slab)
    expect(slab.used).toBe(100)
  })
})

describe('payloads', () => {
  test('random ones are as random as asked, the same for the same seed', () => {
    const payload = { kind: 'random', randomRatio: 0.5, poolSize: 20 } as const
    const { bodies } = createBodies(payload, 1000, 7)
    expect(bodies.length).toBe(20)
    expect(new Set(bodies.map((body) => Buffer.from(body).toString('hex'))).size).toBe(20)
    for (const body of bodies) {
      expect(body.length).toBe(1000 - ENVELOPE_BYTES)
      expect(body.subarray(500).every((byte) => byte === 0)).toBe(true)
    }
    expect(createBodies(payload, 1000, 7)).toEqual(createBodies(payload, 1000, 7))
    expect(createBodies(payload, 1000, 8)).not.toEqual(createBodies(payload, 1000, 7))
  })

  test('a file must have the size of the message', () => {
    const directory = mkdtempSync(join(tmpdir(), 'payload-'))
    const path = join(directory, 'payload.bin')
    try {
      writeFileSync(path, Buffer.alloc(100, 9))
      expect(createBodies({ kind: 'file', path }, 100, 1).bodies[0]).toEqual(new Uint8Array(52).fill(9))
      expect(() => createBodies({ kind: 'file', path }, 101, 1)).toThrow('expected 101 bytes in')
      expect(() => createBodies({ kind: 'file', path: `${path}.no` }, 100, 1)).toThrow('cannot read')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('a message must hold its envelope', () => {
    expect(createBodies({ kind: 'fixed' }, ENVELOPE_BYTES, 1).bodies[0]!.length).toBe(0)
    expect(() => createBodies({ kind: 'fixed' }, ENVELOPE_BYTES - 1, 1)).toThrow('at least 48 bytes')
  })
})

test('keys: as many as promised, all different, in turn or scattered, the same for the same seed', () => {
  const roundRobin = createKeys('KEY_ROUND_ROBIN', 1, 3)!
  expect(new Set(roundRobin.names).size).toBe(KEY_COUNT)
  const turn = Array.from({ length: KEY_COUNT }, (_, i) => roundRobin.indexOf(i))
  expect(new Set(turn).size).toBe(KEY_COUNT)
  const random = createKeys('RANDOM_NANO', 1, 3)!
  const counts = new Uint32Array(KEY_COUNT)
  for (let i = 0; i < 50 * KEY_COUNT; i++) counts[random.indexOf(i)]!++
  expect(Math.min(...counts)).toBeGreaterThan(15)
  expect(Math.max(...counts)).toBeLessThan(110)
  expect(createKeys('RANDOM_NANO', 1, 3)!.indexOf(77)).toBe(random.indexOf(77))
  expect(createKeys('NO_KEY', 1, 3)).toBeNull()
})

test('runs: exact until full, then joined without losing a count', () => {
  const runs = createSequenceRuns(10)
  for (const s of [5, 6, 7, 20]) runs.add(s)
  const seen: number[][] = []
  runs.forEach((...run) => {
    seen.push(run)
  })
  expect([runs.exact, seen]).toEqual([
    true,
    [
      [5, 7, 3],
      [20, 20, 1],
    ],
  ])
  for (let s = 100; s < 300; s += 2) runs.add(s)
  let total = 0
  let kept = 0
  runs.forEach((first, last, count) => {
    total += count
    kept++
    expect(count).toBeLessThanOrEqual(last - first + 1)
  })
  expect([runs.exact, total]).toEqual([false, 104])
  expect(kept).toBeLessThanOrEqual(10)
})

test('checkpoints bound the instant of every message, however many there are', () => {
  const streams = new SentStreams(1)
  const count = MAX_CHECKPOINTS_PER_STREAM * 9 + 17
  for (let s = 0; s < count; s++) streams.accepted(0, streams.take(0), s * 3, s >= 5000)
  const [stream] = streams.report(4, 't')
  expect(stream).toMatchObject({ producer: 4, sent: count, measureFrom: 5000 })
  expect(stream!.checkpointsUs.length).toBeLessThanOrEqual(MAX_CHECKPOINTS_PER_STREAM + 1)
  for (let s = 0; s < count; s++) {
    const bound = stream!.checkpointsUs[Math.ceil(s / stream!.checkpointStride)]!
    if (!(bound >= s * 3 && bound <= (s + stream!.checkpointStride) * 3)) {
      throw new Error(`message ${s} at ${s * 3} is not bounded by ${bound}`)
    }
  }
})

test('a token bucket holds its rate over time, whatever the sizes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 100_000 }), fc.array(fc.nat({ max: 500 })), (rateHz, sizes) => {
      const bucket = createTokenBucket(rateHz)
      let nowUs = 1e9
      let taken = 0
      for (const size of sizes) {
        nowUs += bucket.takeUs(size, nowUs)
        taken += size
      }
      // Beyond what may be saved up, taking needs its time.
      const neededUs = ((taken - Math.max(1, rateHz * 0.05)) / rateHz) * 1e6
      expect(nowUs - 1e9).toBeGreaterThanOrEqual(neededUs - 1)
      expect(nowUs - 1e9).toBeLessThanOrEqual(Math.max(0, neededUs) + sizes.length + 1)
    }),
  )
})
