import type { ExperimentResult, LatencySummary, TrialResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

/** Shares of the centre, one a trial: noise of a few per cent without ties. */
export const NOISE = [0.97, 1.02, 0.99, 1.04, 0.96, 1, 1.03] as const

/** Healthy trials of a side; all latencies are `factor` times the sample's, with noise that differs by `offset`. */
export function trialsOf(factor: number, count = 7, offset = 0): TrialResult[] {
  return Array.from({ length: count }, (_, i) => {
    const share = factor * NOISE[(i + offset) % NOISE.length]! * (1 + 1e-4 * offset)
    return { ...scaled(BASE, share), place: 2 * i + (offset % 2) }
  })
}

/** Short, since only its summary counts. */
const BASE = sampleTrial({ seed: 11, warmupS: 1, measureS: 2 })

/** The trial with its latencies times a share; histograms stay as they are. */
function scaled(trial: TrialResult, share: number): TrialResult {
  const { measure } = trial.phases
  const times = (summary: LatencySummary): LatencySummary => {
    const quantiles = (['p50', 'p75', 'p95', 'p99', 'p999', 'p9999', 'max'] as const).map((key) => [
      key,
      { ...summary[key], us: summary[key].us * share },
    ])
    return { ...summary, ...Object.fromEntries(quantiles) }
  }
  const latencies = Object.fromEntries(
    Object.entries(measure.latencies).map(([name, latency]) => [
      name,
      { ...latency, summary: times(latency.summary) },
    ]),
  ) as typeof measure.latencies
  return { ...trial, phases: { ...trial.phases, measure: { ...measure, latencies } } }
}

/** An experiment with these sides: label → trials. */
export function experimentOf(
  id: string,
  sides: Readonly<Record<string, readonly TrialResult[]>>,
  changes: Partial<ExperimentResult> = {},
): ExperimentResult {
  return sampleResult({
    id,
    sides: Object.entries(sides).map(([label, trials]) => sampleSide(label, { trials })),
    ...changes,
  })
}

/** A result of the OpenMessaging Benchmark with the fields of its TestResult; latencies in ms. */
export function ombRun(changes: Readonly<Record<string, unknown>> = {}, factor = 1): Record<string, unknown> {
  const suffixes = {
    Avg: 1.1,
    '50pct': 1,
    '75pct': 1.4,
    '95pct': 2,
    '99pct': 4,
    '999pct': 9,
    '9999pct': 14,
    Max: 20,
  }
  const aggregated = (field: string, unit: number) =>
    Object.fromEntries(
      Object.entries(suffixes).map(([suffix, value]) => [
        `aggregated${field}${suffix}`,
        value * unit * factor,
      ]),
    )
  return {
    workload: '1 topic / 1 partition / 1Kb',
    driver: 'Log',
    messageSize: 1024,
    topics: 1,
    partitions: 1,
    producersPerTopic: 1,
    consumersPerTopic: 1,
    publishRate: [50_100, 49_900, 50_000],
    publishErrorRate: [0, 0, 0],
    consumeRate: [50_050, 49_950, 50_000],
    backlog: [0, 12, 3],
    ...aggregated('PublishLatency', 1),
    ...aggregated('PublishDelayLatency', 45),
    ...aggregated('EndToEndLatency', 1.5),
    aggregatedPublishLatencyQuantiles: { '50.0': 1, '100.0': 20 },
    ...changes,
  }
}
