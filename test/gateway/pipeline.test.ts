// Goal: every request that comes in is accounted for exactly once — exported, dropped for a reason, or empty — and every
// buffer is given back, whatever the masker and the upstream do. Method: the real pipeline, queue and slab on a simulated
// clock with a scripted masker and upstream (fakes only to make failure deterministic).
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ExportOutcome, MaskOutcome, Outcome, Uplink } from '../../gateway/contracts.ts'
import { createPipeline, type PipelineOptions } from '../../gateway/pipeline.ts'
import { createSlab } from '../../gateway/slab.ts'
import { createMeter } from '../../gateway/telemetry/meter.ts'
import { SimClock } from '../../src/clock/sim-clock.ts'
import { nonZero } from './collected-meter.ts'

const EXPORTED: ExportOutcome = { kind: 'exported' }
const RETRYABLE: ExportOutcome = { kind: 'retryable', detail: 'busy', retryAfterMs: null }
const PERMANENT: ExportOutcome = { kind: 'permanent', detail: 'no' }

interface Script {
  mask?: (body: Uint8Array) => MaskOutcome
  upstream?: (bodies: readonly Uint8Array[]) => ExportOutcome
  options?: Partial<PipelineOptions>
}

const unchanged = (body: Uint8Array): MaskOutcome => ({
  kind: 'masked',
  body,
  operations: 0,
  droppedRecords: 0,
  isEmpty: false,
})

function setUp({ mask = unchanged, upstream = () => EXPORTED, options = {} }: Script = {}) {
  const clock = new SimClock()
  const meter = createMeter()
  const slab = createSlab(1000, 2)
  const sent: number[] = []
  const uplink: Uplink = {
    send: async (_signal, bodies) => {
      await clock.sleep(10)
      sent.push(bodies.length)
      return upstream(bodies)
    },
    close: () => Promise.resolve(),
  }
  const pipeline = createPipeline({
    masker: { mask: (_signal, body) => mask(body), writer: 'scalar' },
    slab,
    uplinks: { traces: uplink, metrics: uplink, logs: uplink },
    retry: { initialMs: 100, multiplier: 2, maxDelayMs: 1000, maxElapsedMs: 1000 },
    queue: {
      shards: 1,
      workers: 1,
      marks: { low: 2, high: 4, critical: 6 },
      maxWaitMs: 50,
      maxWaiting: 10,
      batch: { maxEntries: 4, maxBytes: 1000 },
    },
    maxInFlight: 100,
    retryAfterMs: 1000,
    clock,
    meter,
    random: () => 0.5,
    log: () => {},
    ...options,
  })
  return { clock, slab, sent, pipeline, counts: () => nonZero(meter.snapshot()) }
}

const body = (...bytes: number[]) => Uint8Array.from(bytes)

test('accepted once queued, exported after', async () => {
  const { pipeline, clock, counts, slab } = setUp()
  expect(pipeline.offer('traces', body(1, 2))).toEqual({ kind: 'accepted' })
  await clock.advanceTo(20_000)
  expect(counts()).toMatchObject({
    'gateway_packets_processed_total{signal=traces,status=received}': 1,
    'gateway_packets_processed_total{signal=traces,status=accepted}': 1,
    'gateway_packets_processed_total{signal=traces,status=exported}': 1,
  })
  expect([slab.usedBytes(), slab.allocations(), slab.releases()]).toEqual([0, 1, 1])
})

test('what cannot be parsed is invalid and counted as 500 among the parse errors', () => {
  const { pipeline, counts } = setUp({ mask: () => ({ kind: 'malformed', detail: 'truncated', offset: 3 }) })
  expect(pipeline.offer('logs', body(1))).toEqual({ kind: 'invalid', detail: 'truncated at byte 3' })
  expect(counts()).toMatchObject({
    'gateway_parse_errors_total{signal=logs,error_code=500}': 1,
    'gateway_dropped_total{signal=logs,reason_code=400}': 1,
  })
})

test('a request larger than a region of the slab is refused as 507; so is one that masking makes larger', () => {
  const { pipeline, slab, counts } = setUp()
  expect(pipeline.offer('traces', new Uint8Array(501))).toMatchObject({ kind: 'refused', reason: '507' })
  const growing = setUp({ mask: () => unchanged(new Uint8Array(501)) })
  expect(growing.pipeline.offer('traces', body(1))).toMatchObject({ kind: 'refused', reason: '507' })
  expect(slab.usedBytes() + growing.slab.usedBytes()).toBe(0)
  expect(counts()['gateway_dropped_total{signal=traces,reason_code=507}']).toBe(1)
})

test('a retryable answer is tried again until the time is over, then counted as 500', async () => {
  const { pipeline, clock, counts, sent } = setUp({ upstream: () => RETRYABLE })
  void pipeline.offer('traces', body(1))
  await clock.advanceTo(5_000_000)
  expect(sent.length).toBeGreaterThan(2)
  expect(counts()).toMatchObject({
    'gateway_dropped_total{signal=traces,reason_code=500}': 1,
    'gateway_export_retries_total{signal=traces}': sent.length - 1,
  })
})

test('one request the upstream refuses for good does not take its neighbours with it', async () => {
  const { pipeline, clock, counts, sent } = setUp({
    upstream: (bodies) => (bodies.some((each) => each[0] === 9) ? PERMANENT : EXPORTED),
  })
  for (const byte of [1, 2, 9, 3]) void pipeline.offer('traces', body(byte))
  await clock.advanceTo(200_000)
  expect(sent).toEqual([1, 3, 1, 1, 1])
  expect(counts()).toMatchObject({
    'gateway_packets_processed_total{signal=traces,status=exported}': 3,
    'gateway_dropped_total{signal=traces,reason_code=500}': 1,
  })
})

test('without a queue the sender gets the answer of the upstream', async () => {
  const { pipeline, clock } = setUp({ upstream: () => RETRYABLE, options: { queue: null } })
  const answer = pipeline.offer('traces', body(1)) as Promise<Outcome>
  await clock.advanceTo(20_000)
  expect(await answer).toMatchObject({ kind: 'upstream-failed', retryable: true, retryAfterMs: 1000 })
})

test('without a queue the sender is told what the upstream refused', async () => {
  const partial = { rejected: 2, message: 'too old' }
  const { pipeline, clock } = setUp({
    upstream: () => ({ kind: 'exported', partial }),
    options: { queue: null },
  })
  const offered = pipeline.offer('traces', body(1, 2))
  await clock.advanceTo(20_000)
  expect(await offered).toEqual({ kind: 'accepted', partial })
})

test('closing exports what is queued; what is left when the time is over counts as 503', async () => {
  const abort = new AbortController()
  const { pipeline, clock, counts, slab } = setUp({
    upstream: () => RETRYABLE,
    options: {
      queue: {
        shards: 1,
        workers: 1,
        marks: { low: 2, high: 4, critical: 6 },
        maxWaitMs: 50,
        maxWaiting: 10,
        batch: { maxEntries: 1, maxBytes: 1000 },
      },
    },
  })
  for (const byte of [1, 2, 3]) void pipeline.offer('traces', body(byte))
  const closed = pipeline.close(abort.signal)
  expect(pipeline.offer('traces', body(4))).toMatchObject({ kind: 'refused', reason: '503' })
  await clock.advanceTo(50_000)
  abort.abort()
  await clock.advanceTo(60_000)
  await closed
  expect(counts()['gateway_dropped_total{signal=traces,reason_code=503}']).toBe(4)
  expect(slab.allocations()).toBe(slab.releases())
})

test.each([true, false])(
  'an upstream that never answers holds up the end no longer than it may, queue %p',
  async (queued) => {
    const abort = new AbortController()
    let end: (outcome: ExportOutcome) => void = () => {}
    const silent: Uplink = {
      send: () => new Promise((resolve) => (end = resolve)),
      async close() {
        end(RETRYABLE)
      },
    }
    const uplinks = { traces: silent, metrics: silent, logs: silent }
    const { pipeline, slab, counts } = setUp({ options: { uplinks, ...(queued ? {} : { queue: null }) } })
    void pipeline.offer('traces', body(1))
    const closed = pipeline.close(abort.signal)
    expect(await Promise.race([closed, Bun.sleep(0).then(() => 'open')])).toBe('open')
    abort.abort()
    await closed
    expect(counts()['gateway_dropped_total{signal=traces,reason_code=503}']).toBe(1)
    expect(slab.allocations()).toBe(slab.releases())
  },
)

test('whatever happens, received = exported + dropped + empty, and every buffer comes back', async () => {
  const step = fc.record({
    size: fc.integer({ min: 1, max: 600 }),
    mask: fc.constantFrom('same', 'longer', 'shorter', 'empty', 'malformed', 'failed'),
    pauseMs: fc.constantFrom(0, 0, 0, 5, 30),
  })
  const answers = fc.array(fc.constantFrom(EXPORTED, EXPORTED, RETRYABLE, PERMANENT), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      answers,
      fc.boolean(),
      async (steps, script, queued) => {
        let answer = 0
        let current: (typeof steps)[number]['mask'] = 'same'
        const mask = (given: Uint8Array): MaskOutcome => {
          if (current === 'malformed') return { kind: 'malformed', detail: 'x', offset: 0 }
          if (current === 'failed') return { kind: 'failed', rule: 'r', detail: 'x' }
          if (current === 'empty')
            return { ...unchanged(new Uint8Array(0)), isEmpty: true, droppedRecords: 1 } as MaskOutcome
          if (current === 'same') return unchanged(given)
          return unchanged(new Uint8Array(given.length + (current === 'longer' ? 50 : -1)))
        }
        const { pipeline, clock, slab, counts } = setUp({
          mask,
          upstream: () => script[answer++ % script.length]!,
          ...(queued ? {} : { options: { queue: null } }),
        })
        for (const each of steps) {
          current = each.mask
          void pipeline.offer('traces', new Uint8Array(each.size))
          await clock.advanceTo(clock.nowUs() + each.pauseMs * 1000)
        }
        await clock.advanceTo(clock.nowUs() + 120_000_000)
        const seen = counts()
        const of = (status: string) =>
          seen[`gateway_packets_processed_total{signal=traces,status=${status}}`] ?? 0
        expect(of('received')).toBe(steps.length)
        expect(of('received')).toBe(of('exported') + of('dropped') + of('empty'))
        expect([slab.usedBytes(), slab.releases()]).toEqual([0, slab.allocations()])
      },
    ),
    { numRuns: 200, seed: 11 },
  )
}, 30_000)

test('bodies are freed whatever becomes of them, but not what lies beside a view', async () => {
  const lengthsAfter = async (script: Script, bytes: Uint8Array) => {
    const { pipeline, clock } = setUp(script)
    const offered = pipeline.offer('traces', bytes)
    await clock.advanceTo(20_000_000)
    await offered
    return [bytes.length, bytes.buffer.byteLength]
  }
  const FREED = [0, 0]
  expect(await lengthsAfter({}, body(1, 2))).toEqual(FREED)
  expect(await lengthsAfter({ upstream: () => PERMANENT }, body(1, 2))).toEqual(FREED)
  expect(await lengthsAfter({ mask: () => unchanged(body(9)) }, body(1, 2))).toEqual(FREED)
  expect(await lengthsAfter({ options: { queue: null } }, body(1, 2))).toEqual(FREED)
  const malformed: MaskOutcome = { kind: 'malformed', detail: 'no', offset: 0 }
  expect(await lengthsAfter({ mask: () => malformed }, body(1, 2))).toEqual(FREED)
  expect(await lengthsAfter({}, body(1, 2, 3).subarray(1))).toEqual([2, 3])
})
