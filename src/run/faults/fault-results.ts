import { commonGaps } from '../../engine/acknowledgement-gaps.ts'
import { MAX_GAP_PRODUCERS } from '../../engine/limits.ts'
import type { AcknowledgementGap, EngineReport } from '../../engine/types.ts'
import { recoveryOf } from '../../result/recovery.ts'
import type { AcknowledgementGaps, FaultResult, IntervalResult, TimeSpan } from '../../result/result.ts'
import type { Workload } from '../../workload/model.ts'
import type { FaultRecord } from './fault-runner.ts'

export interface FaultResultOptions {
  readonly records: readonly FaultRecord[]
  /** Of all workers; a sentence of those that died or could not report. */
  readonly reports: readonly (EngineReport | string)[]
  readonly intervals: readonly IntervalResult[]
  readonly workload: Workload
}

/** The parts of a trial's result that tell of its faults; nothing where the workload has none. Pure. */
export function faultResults(options: FaultResultOptions): {
  readonly faults?: readonly FaultResult[]
  readonly acknowledgementGaps?: AcknowledgementGaps
} {
  const { records, intervals, workload } = options
  if (records.length === 0) return {}
  const gaps = gapsWithinMeasure(options)
  const measureEndS = workload.warmupS + workload.durationS
  const faults = records.map(({ fault, text, startUs, endUs, error }): FaultResult => {
    const [startS, endS] = [seconds(startUs), seconds(endUs)]
    const recovery = startS === null || endS === null ? null : recoveryOf(intervals, { startS, endS })
    const untilS = recovery?.afterEndS == null ? measureEndS : (endS ?? 0) + recovery.afterEndS
    const own =
      startS === null || gaps === null
        ? null
        : longestOf(gaps.filter((gap) => gap.toS > startS && gap.fromS < untilS))
    return { kind: fault.kind, text, startS, endS, error, recovery, longestGap: own }
  })
  const acknowledgementGaps = gaps === null ? null : { longest: longestOf(gaps), producers: worst(options) }
  return { faults, ...(acknowledgementGaps !== null && { acknowledgementGaps }) }
}

/** Null where a worker did not report: nobody knows what was acknowledged to its producers. */
function gapsWithinMeasure({ reports, workload }: FaultResultOptions): readonly TimeSpan[] | null {
  if (reports.some((report) => typeof report === 'string')) return null
  const fromS = workload.warmupS
  const toS = workload.warmupS + workload.durationS
  const byWorker = reportsOf(reports).flatMap(({ acknowledgementGaps }) =>
    acknowledgementGaps === undefined ? [] : [acknowledgementGaps.gaps],
  )
  return commonGaps(byWorker).flatMap((gap) => clipped(spanOf(gap), fromS, toS))
}

/** Producers whose longest time without an acknowledgement was the longest. */
function worst({ reports }: FaultResultOptions): AcknowledgementGaps['producers'] {
  return reportsOf(reports)
    .flatMap(({ acknowledgementGaps }) => acknowledgementGaps?.producers ?? [])
    .map(({ producer, ...gap }) => ({ producer, ...spanOf(gap) }))
    .sort((a, b) => b.toS - b.fromS - (a.toS - a.fromS))
    .slice(0, MAX_GAP_PRODUCERS)
}

function reportsOf(reports: readonly (EngineReport | string)[]): readonly EngineReport[] {
  return reports.filter((report) => typeof report !== 'string')
}

function clipped({ fromS, toS }: TimeSpan, leastS: number, mostS: number): TimeSpan[] {
  const span = { fromS: Math.max(fromS, leastS), toS: Math.min(toS, mostS) }
  return span.toS > span.fromS ? [span] : []
}

function longestOf(spans: readonly TimeSpan[]): TimeSpan | null {
  let longest: TimeSpan | null = null
  for (const span of spans) {
    if (longest === null || span.toS - span.fromS > longest.toS - longest.fromS) longest = span
  }
  return longest
}

function spanOf({ fromUs, toUs }: AcknowledgementGap): TimeSpan {
  return { fromS: fromUs / 1e6, toS: toUs / 1e6 }
}

function seconds(us: number | null): number | null {
  return us === null ? null : us / 1e6
}
