import type { Column } from '../compare/table.ts'
import { countText, msText } from '../result/figures.ts'
import { RECOVERY } from '../result/recovery.ts'
import type { FaultResult, TimeSpan, TrialResult } from '../result/result.ts'

/** Rows of one table; the files have the rest. */
const MAX_ROWS = 100
/** Producers and streams named in lines. */
const MAX_LINES = 6

/** A fault of one trial in words. */
export interface FaultRow {
  readonly label: string
  readonly color: number
  readonly text: string
  /** Seconds of measure. */
  readonly began: string
  readonly lasted: string
  readonly gap: string
  readonly recovery: string
  /** Did not come back, or went wrong itself. */
  readonly alarming: boolean
}

/** A producer or stream with something wrong. */
export interface BreakdownRow {
  readonly label: string
  readonly color: number
  readonly producer: string
  readonly stream: string
  readonly subscription: string
  readonly acknowledgedLost: string
  readonly lost: string
  readonly duplicated: string
  readonly outOfOrder: string
}

/** Everything a page says of faults. */
export interface FaultsView {
  readonly faults: readonly FaultRow[]
  /** Longest times without an acknowledgement: a row a trial. */
  readonly gaps: readonly { readonly label: string; readonly color: number; readonly text: string }[]
  readonly breakdown: readonly BreakdownRow[]
  /** What counts as recovered. */
  readonly bounds: string
}

export function faultsView(columns: readonly Column[], colorOf: (side: string) => number): FaultsView {
  const told = columns.flatMap(({ label, side, trial }) =>
    trial === null ? [] : { label, color: colorOf(side), trial },
  )
  return {
    faults: told
      .flatMap(({ trial, ...who }) =>
        (trial.faults ?? []).map((fault) => ({ ...who, ...rowOf(fault, trial) })),
      )
      .slice(0, MAX_ROWS),
    gaps: told
      .flatMap(({ trial, ...who }) => (trial.faults === undefined ? [] : { ...who, text: gapText(trial) }))
      .slice(0, MAX_ROWS),
    breakdown: told
      .flatMap(({ trial, ...who }) => breakdownOf(trial).map((row) => ({ ...who, ...row })))
      .slice(0, MAX_ROWS),
    bounds:
      `Recovered: the first second after the fault's end in which at least ${RECOVERY.leastAcknowledgedShare * 100} % of what was scheduled is acknowledged, ` +
      `at a publish p99 of at most ${RECOVERY.latencyFactor} times that before the fault, or ${RECOVERY.latencyMarginUs / 1000} ms more than it.`,
  }
}

/** The same in lines: nothing without faults. */
export function faultLines(columns: readonly Column[]): readonly string[] {
  const { faults, gaps, breakdown, bounds } = faultsView(columns, () => 0)
  if (faults.length === 0) return []
  return [
    ...faults.map(
      ({ label, text, began, lasted, gap, recovery }) =>
        `${label}: ${text}, from ${began} for ${lasted}; longest time without an acknowledgement ${gap}; ${recovery}`,
    ),
    ...gaps.map(({ label, text }) => `${label}: ${text}`),
    ...breakdown
      .slice(0, MAX_LINES)
      .map(
        (row) =>
          `${row.label}: producer ${row.producer}, ${row.stream === 'all' ? 'all its streams' : `stream ${row.stream}`}: ` +
          `${row.acknowledgedLost} acknowledged but lost, ${row.lost} lost, ${row.duplicated} duplicated, ${row.outOfOrder} out of order`,
      ),
    ...(breakdown.length > MAX_LINES
      ? [`and ${breakdown.length - MAX_LINES} more producers and streams, in the page and in metrics.json`]
      : []),
    bounds,
  ]
}

function rowOf(fault: FaultResult, trial: TrialResult): Omit<FaultRow, 'label' | 'color'> {
  const { text, startS, endS, longestGap, recovery } = fault
  const measureS = trial.phases.warmup.durationS
  return {
    text,
    began: startS === null ? 'never' : `${(startS - measureS).toFixed(1)} s`,
    lasted: startS === null || endS === null ? '–' : `${(endS - startS).toFixed(2)} s`,
    gap: spanText(longestGap),
    recovery: recoveryText(fault),
    alarming: fault.error !== null || (recovery !== null && recovery.afterEndS === null),
  }
}

function recoveryText({ error, startS, endS, recovery }: FaultResult): string {
  if (error !== null) return error
  if (startS === null) return 'the trial ended before'
  if (endS === null) return 'not taken back: the trial was cut short'
  if (recovery === null) return 'recovery not known: nothing was measured before or after it'
  const during =
    recovery.duringS === null ? '' : `, and ${recovery.duringS.toFixed(1)} s after its begin while it was on`
  return recovery.afterEndS === null
    ? `not recovered within ${recovery.waitedS.toFixed(1)} s after its end${during}`
    : `recovered ${recovery.afterEndS.toFixed(1)} s after its end${during}`
}

function gapText({ acknowledgementGaps }: TrialResult): string {
  if (acknowledgementGaps === undefined)
    return 'times without acknowledgements are not known: a worker did not report'
  const { longest, producers } = acknowledgementGaps
  const [worst] = producers
  const one = worst === undefined ? '' : `; of one producer ${spanText(worst)} (producer ${worst.producer})`
  return `longest time of measure without any acknowledgement ${spanText(longest)}${one}`
}

function spanText(span: TimeSpan | null): string {
  return span === null ? 'below 1 ms' : msText((span.toS - span.fromS) * 1e6)
}

function breakdownOf({ auditBreakdown, audits }: TrialResult): Omit<BreakdownRow, 'label' | 'color'>[] {
  const { producers = [], streams = [] } = auditBreakdown ?? {}
  return [...producers, ...streams].map((row) => ({
    producer: String(row.producer),
    stream: row.stream === null ? 'all' : String(row.stream),
    subscription: audits.length > 1 ? `${row.topic}, ${row.subscription}` : '',
    acknowledgedLost: countText(row.acknowledgedLost),
    lost: countText(row.lost),
    duplicated: countText(row.duplicated),
    outOfOrder: countText(row.outOfOrder),
  }))
}
