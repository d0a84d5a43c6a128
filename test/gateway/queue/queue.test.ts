// Goal: the queue never holds more than it may, never loses or doubles an entry, and its door opens and shuts as the
// water marks say. Method: a simulated clock, a handler that is let go by hand, and random sequences of steps.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Entry } from '../../../gateway/queue/entry.ts'
import { createQueue, type QueueOptions } from '../../../gateway/queue/queue.ts'
import { SimClock } from '../../../src/clock/sim-clock.ts'
import type { Signal } from '../../../src/otlp/signal.ts'

function entry(id: number, signal: Signal = 'traces', sizeBytes = 4): Entry {
  const body = new Uint8Array(sizeBytes)
  new DataView(body.buffer).setUint32(0, id)
  return { signal, body, region: 0, offeredAtUs: 0 }
}

const idOf = (each: Entry) => new DataView(each.body.buffer).getUint32(0)

function setUp(overrides: Partial<QueueOptions> = {}) {
  const clock = new SimClock()
  const handled: number[][] = []
  const letGo: (() => void)[] = []
  const queue = createQueue({
    shards: 1,
    workers: 1,
    marks: { low: 2, high: 4, critical: 6 },
    maxWaitMs: 500,
    maxWaiting: 100,
    batch: { maxEntries: 1, maxBytes: 1000 },
    clock,
    handle: (entries) => {
      handled.push(entries.map(idOf))
      return new Promise((resolve) => letGo.push(resolve))
    },
    ...overrides,
  })
  const finishOne = async () => {
    letGo.shift()?.()
    for (let i = 0; i < 8; i++) await Promise.resolve()
  }
  return { clock, queue, handled, letGo, finishOne }
}

test('entries go out in the order in which they came, one batch a worker', async () => {
  const { queue, handled, finishOne } = setUp()
  for (let id = 0; id < 4; id++) expect(queue.push(entry(id))).toBe(true)
  expect(handled).toEqual([[0]])
  await finishOne()
  await finishOne()
  expect(handled).toEqual([[0], [1], [2]])
})

test('from the high mark on a request waits until the queue has fallen to the low one', async () => {
  const { queue, finishOne } = setUp()
  for (let id = 0; id < 5; id++) expect(queue.push(entry(id))).toBe(true)
  expect(queue.depth()).toBe(4)
  let isIn: unknown = null
  void Promise.resolve(queue.push(entry(5))).then((value) => {
    isIn = value
  })
  await finishOne()
  expect([queue.depth(), isIn]).toEqual([3, null])
  await finishOne()
  expect([queue.depth(), isIn]).toEqual([3, true])
})

test('who waits longer than allowed is refused; the critical mark refuses at once', async () => {
  const { clock, queue } = setUp()
  for (let id = 0; id < 5; id++) void queue.push(entry(id))
  const waiting = queue.push(entry(5)) as Promise<boolean>
  await clock.advanceTo(499_000)
  expect(queue.waiting()).toBe(1)
  await clock.advanceTo(500_000)
  expect(await waiting).toBe(false)
  const full = setUp({ marks: { low: 1, high: 6, critical: 6 } })
  for (let id = 0; id < 7; id++) expect(full.queue.push(entry(id))).toBe(true)
  expect(full.queue.push(entry(7))).toBe(false)
})

test('no more requests wait than may', () => {
  const { queue } = setUp({ maxWaiting: 1 })
  for (let id = 0; id < 5; id++) void queue.push(entry(id))
  expect(queue.push(entry(5))).toBeInstanceOf(Promise)
  expect(queue.push(entry(6))).toBe(false)
})

test('a batch joins neighbours of one signal, within its count and bytes', async () => {
  const { queue, handled, finishOne } = setUp({
    batch: { maxEntries: 3, maxBytes: 12 },
    marks: { low: 50, high: 60, critical: 70 },
  })
  void queue.push(entry(0))
  for (const id of [1, 2, 3, 4]) void queue.push(entry(id))
  void queue.push(entry(5, 'logs'))
  void queue.push(entry(6, 'logs', 100))
  for (let i = 0; i < 5; i++) await finishOne()
  expect(handled).toEqual([[0], [1, 2, 3], [4], [5], [6]])
})

test('a drain refuses who waits, handles what is queued, and can be cut short', async () => {
  const { queue, finishOne, handled } = setUp()
  for (let id = 0; id < 5; id++) void queue.push(entry(id))
  const waiting = queue.push(entry(5)) as Promise<boolean>
  const drained = queue.drain()
  expect(await waiting).toBe(false)
  expect(queue.push(entry(6))).toBe(false)
  await finishOne()
  expect(queue.abandon().map(idOf)).toEqual([2, 3, 4])
  await finishOne()
  await drained
  expect(handled).toEqual([[0], [1]])
})

test('whatever happens, every accepted entry is handled exactly once and no limit is passed', async () => {
  const steps = fc.array(fc.constantFrom('push', 'finish', 'time'), { minLength: 10, maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (sequence, workers) => {
      const { clock, queue, handled, letGo, finishOne } = setUp({ workers, shards: 2, maxWaiting: 3 })
      const accepted = new Set<number>()
      let id = 0
      for (const step of sequence) {
        if (step === 'push') {
          const own = id++
          void Promise.resolve(queue.push(entry(own))).then((isIn) => {
            if (isIn) accepted.add(own)
          })
        } else if (step === 'finish') await finishOne()
        else await clock.advanceTo(clock.nowUs() + 200_000)
        expect(queue.depth()).toBeLessThanOrEqual(6)
        expect(queue.waiting()).toBeLessThanOrEqual(3)
        expect(letGo.length).toBeLessThanOrEqual(workers)
      }
      const drained = queue.drain()
      while (letGo.length > 0) await finishOne()
      await drained
      const all = handled.flat()
      expect(all.length).toBe(new Set(all).size)
      expect(new Set(all)).toEqual(accepted)
    }),
    { numRuns: 300, seed: 7 },
  )
})
