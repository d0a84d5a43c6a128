import { msFigure, msText } from '../result/figures.ts'
import type { TrialResult } from '../result/result.ts'
import { THRESHOLDS } from '../result/thresholds.ts'

/** How wrong end-to-end latencies may be by the clocks, as text; whose clock is where stands behind it. */
export function clockText({
  clockBoundUs,
  clocks = [],
}: Pick<TrialResult, 'clockBoundUs' | 'clocks'>): string {
  if (clocks.length === 0) return clockBoundUs === 0 ? 'one clock' : msText(clockBoundUs)
  const each = clocks.map(({ role, index, offsetUs, driftPpm, boundUs, restarts }) => {
    const set = restarts === 0 ? '' : `, set or slewed ${restarts} times`
    const sign = offsetUs < 0 ? '−' : '+'
    return `${role} ${index} ${sign}${msFigure(Math.abs(offsetUs))} ± ${msText(boundUs)}, ${driftPpm.toFixed(1)} ppm${set}`
  })
  return `${msText(clockBoundUs)} (${each.join('; ')})`
}

/** The part of the median end-to-end latency from which the bound of the clocks is told beside it. */
const TOLD_SHARE = THRESHOLDS.clockShareOfEndToEndP50

/** Sides whose end-to-end latencies may be off by a notable part because two hosts' clocks made them. */
export function clockNotes(
  columns: readonly { readonly label: string; readonly trials: readonly TrialResult[] }[],
): string[] {
  return columns.flatMap(({ label, trials }) => {
    const told = trials.filter(({ clockBoundUs, clocks, phases }) => {
      const { count, p50 } = phases.measure.latencies.endToEnd.summary
      return clocks !== undefined && count > 0 && clockBoundUs > TOLD_SHARE * p50.us
    })
    if (told.length === 0) return []
    const worstUs = Math.max(...told.map(({ clockBoundUs }) => clockBoundUs))
    return (
      `End-to-end latencies of ${label} may be off by up to ${msText(worstUs)}, more than a tenth of their median: ` +
      'their ends were read from clocks of different hosts. With endToEndClock: echo one clock reads both.'
    )
  })
}
