import { HistogramLogWriter } from 'hdr-histogram-js'
import type { LatencyName } from '../../engine/types.ts'
import { countText } from '../figures.ts'
import { sumHistograms } from '../histogram.ts'
import type { LatencyResult, TrialResult } from '../result.ts'

const US_PER_MS = 1_000
const TICKS_PER_HALF_DISTANCE = 5

/**
 * A latency as `.hgrm` text (`Value Percentile TotalCount 1/(1-Percentile)`), values in **milliseconds**. What never came
 * is in it with its lower bound, as in the tables; a closing comment then says how many.
 */
export function hgrmText({ completed, censored }: LatencyResult): string {
  const all = sumHistograms([completed, censored].map(({ count, hdr }) => (count === 0 ? '' : hdr)))
  const text = all.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, US_PER_MS)
  if (censored.count === 0) return text
  return `${text}#[Lower bounds = ${countText(censored.count)} of these values are messages that never came]\n`
}

/**
 * One latency of a trial as HdrHistogram interval log (`.hlog`, format 1.3): a line an interval, values recorded in µs,
 * the column `Interval_Max` in ms, times in seconds from the start of the trial.
 */
export function hlogText(trial: TrialResult, name: LatencyName): string {
  const lines: string[] = []
  const writer = new HistogramLogWriter((line) => lines.push(line))
  writer.outputLogFormatVersion()
  writer.outputComment(`[${name}, values in microseconds, Interval_Max in milliseconds]`)
  // The writer's own start-time line ends in an empty line, which not every reader takes.
  const startS = (Date.parse(trial.startedAt) / 1000).toFixed(3)
  writer.outputComment(`[StartTime: ${startS} (seconds since epoch), ${trial.startedAt}]`)
  writer.outputLegend()
  for (const interval of trial.intervals) {
    const latency = interval.latencies[name]
    if (latency === undefined || latency.count === 0) continue
    // The writer would decode and encode what is encoded already.
    const { startS, endS } = interval
    const times = [startS, endS - startS, latency.maxUs / US_PER_MS].map((value) => value.toFixed(3))
    lines.push(`${times.join(',')},${latency.hdr}\n`)
  }
  return lines.join('')
}
