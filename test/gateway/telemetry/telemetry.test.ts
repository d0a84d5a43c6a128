// Goal: several processes read as one, and Prometheus reads it. Method: two meters with known values, merged; the text is
// parsed back by its own grammar; quantiles of the merge equal those of one histogram with all the values.
import { expect, test } from 'bun:test'
import { mergeSnapshots } from '../../../gateway/telemetry/merge.ts'
import { createMeter } from '../../../gateway/telemetry/meter.ts'
import { toPrometheusText } from '../../../gateway/telemetry/prometheus.ts'
import { startTelemetryServer } from '../../../gateway/telemetry/server.ts'

function processWith(values: readonly number[], depth: number) {
  const meter = createMeter()
  const timing = meter.timing('gateway_end_to_end', 'Time', { signal: 'traces' })
  for (const us of values) timing.record(us)
  meter.counter('gateway_dropped_total', 'Drops', { reason_code: '429' }).add(values.length)
  meter.counter('gateway_dropped_total', 'Drops', { reason_code: '500' })
  meter.gauge('gateway_queue_depth', 'Depth', 'sum', () => depth)
  meter.gauge('gateway_mask_writer_active', 'Writer', 'max', () => 1, { writer: 'simd' })
  return meter
}

function series(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const match = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) ([-+0-9.e]+|NaN)$/i.exec(line)
      expect(match).not.toBeNull()
      return [match![1]!, Number(match![2])] as const
    }),
  )
}

test('counters and depths add up, flags do not, and the p99 is that of all values', () => {
  const fast = Array.from({ length: 980 }, (_, i) => 100 + i)
  const slow = Array.from({ length: 20 }, (_, i) => 40_000 + i * 1000)
  const all = createMeter()
  for (const us of [...fast, ...slow]) all.timing('gateway_end_to_end', 'Time').record(us)
  const merged = mergeSnapshots([processWith(fast, 3).snapshot(), processWith(slow, 4).snapshot()])
  const got = series(toPrometheusText(merged))
  expect(got.get('gateway_dropped_total{reason_code="429"}')).toBe(1000)
  expect(got.get('gateway_dropped_total{reason_code="500"}')).toBe(0)
  expect(got.get('gateway_queue_depth')).toBe(7)
  expect(got.get('gateway_mask_writer_active{writer="simd"}')).toBe(1)
  const alone = series(toPrometheusText(mergeSnapshots([all.snapshot()])))
  expect(got.get('gateway_end_to_end_p99_nanos')).toBe(alone.get('gateway_end_to_end_p99_nanos')!)
  expect(got.get('gateway_end_to_end_p99_nanos')).toBeGreaterThan(40_000_000)
})

test('buckets are cumulative and end at the count', () => {
  const got = series(
    toPrometheusText(mergeSnapshots([processWith([60, 4000, 6000, 20_000_000], 0).snapshot()])),
  )
  const bucket = (le: string) => got.get(`gateway_end_to_end_seconds_bucket{signal="traces",le="${le}"}`)
  expect([
    bucket('0.00005'),
    bucket('0.0001'),
    bucket('0.005'),
    bucket('0.01'),
    bucket('10'),
    bucket('+Inf'),
  ]).toEqual([0, 1, 2, 3, 3, 4])
  expect(got.get('gateway_end_to_end_seconds_count{signal="traces"}')).toBe(4)
  expect(got.get('gateway_end_to_end_seconds_sum{signal="traces"}')).toBeCloseTo(20.01006, 6)
})

test('the endpoint serves metrics, health and readiness, and says what it expected otherwise', async () => {
  let isReady = true
  const server = startTelemetryServer({
    hostname: '127.0.0.1',
    port: 0,
    path: '/metrics',
    collect: () => Promise.resolve(mergeSnapshots([processWith([1], 0).snapshot()])),
    isReady: () => Promise.resolve(isReady),
  })
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init)
  try {
    const metrics = await get('/metrics')
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(series(await metrics.text()).size).toBeGreaterThan(10)
    expect((await get('/health')).status).toBe(200)
    expect((await get('/ready')).status).toBe(200)
    isReady = false
    expect((await get('/ready')).status).toBe(503)
    expect((await get('/x')).status).toBe(404)
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  } finally {
    await server.close()
  }
})
