// Goal: /metrics is OpenMetrics that others read, with the right sums. Method: a run is told; the text is held against
// the grammar here, and read by Prometheus' own Python parser (from PyPI, kept in the cache; skipped, loudly, without).
import { expect, test } from 'bun:test'
import { openMetricsText } from '../../src/live/open-metrics.ts'
import { parseByPrometheus, pythonWithPrometheus } from './prometheus-client.ts'
import { HOSTILE, sampleRun, secondEvent, tellTrial, trialEvent } from './sample-events.ts'

const SETUP_LIMIT_MS = 180_000

const python = await pythonWithPrometheus(AbortSignal.timeout(SETUP_LIMIT_MS))
if ('missing' in python) console.log(`SKIPPED: OpenMetrics is not read by another parser: ${python.missing}`)

/** One side after two trials, a hostile one in the second of its first. */
function running() {
  const run = sampleRun(['first', HOSTILE], HOSTILE)
  tellTrial(run, 'first', 1)
  tellTrial(run, 'first', 2)
  run.tell(trialEvent(HOSTILE))
  run.tell(secondEvent(HOSTILE, 1, { errors: { [HOSTILE]: 2 } }))
  return run
}

const LINE =
  /^(?:# (?:TYPE|HELP|UNIT) [a-z_]+ .*|# EOF|[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? -?[0-9.e+-]+)$/

test('every line is one of the grammar, families stand together, and the end is marked', () => {
  const text = running().metricsText()
  expect(text.endsWith('# EOF\n')).toBe(true)
  const lines = text.trimEnd().split('\n')
  for (const line of lines) expect(line).toMatch(LINE)
  const families = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
  expect(new Set(families).size).toBe(families.length)
})

test('counters are sums over all trials of a side, by phase', () => {
  const lines = running().metricsText().split('\n')
  expect(lines).toContain('bench_messages_acknowledged_total{side="first",phase="warmup"} 3996')
  expect(lines).toContain('bench_messages_acknowledged_total{side="first",phase="measure"} 5994')
  // Told as sums of a trial, which begin anew with the next.
  expect(lines).toContain('bench_errors_total{side="first",phase="measure",kind="queue full"} 6')
  expect(lines).toContain('bench_trials_done_total{side="first",measurement="valid",integrity="intact"} 2')
})

test('gauges and quantiles are of the side under test only', () => {
  const lines = running().metricsText().split('\n')
  const gauges = lines.filter(
    (line) => line.startsWith('bench_backlog_messages{') || line.includes('quantile'),
  )
  expect(gauges).toHaveLength(7)
  for (const line of gauges) expect(line).not.toContain('"first"')
})

test('without any event there is still a text', () => {
  const lines = sampleRun([]).metricsText().split('\n')
  expect(lines.at(-2)).toBe('# EOF')
  expect(openMetricsText([])).toBe('# EOF\n')
})

test.skipIf('missing' in python)(
  'Prometheus reads the same figures, and hostile names as they are',
  async () => {
    if ('missing' in python) return
    const samples = await parseByPrometheus(python.python, running().metricsText())
    const of = (name: string, labels: Record<string, string>) =>
      samples.find((sample) => sample.name === name && Bun.deepEquals(sample.labels, labels))?.value
    expect(of('bench_run_info', { id: 'exp-20261121-100000', workload: HOSTILE, version: '0.1.0' })).toBe(1)
    expect(of('bench_messages_received_total', { side: 'first', phase: 'measure' })).toBe(5_940)
    expect(of('bench_errors_total', { side: HOSTILE, phase: 'warmup', kind: HOSTILE })).toBe(2)
    const p99 = of('bench_publish_latency_seconds', { side: HOSTILE, phase: 'warmup', quantile: '0.99' })
    expect(p99).toBe(0.005)
    expect(of('bench_publish_latency_seconds_count', { side: 'first', phase: 'measure' })).toBe(5_994)
  },
)
