import type { Measured } from './run-side.ts'
import type { Side } from './sides.ts'

/** One thing both sides do. */
export interface Case {
  readonly name: string
  readonly inFlight: number
  /** msg/s; null = as fast as it goes. */
  readonly rateHz: number | null
}

export const CASES: readonly Case[] = [
  { name: 'max-4000', inFlight: 4000, rateHz: null },
  { name: 'max-1000', inFlight: 1000, rateHz: null },
  { name: '5000/s', inFlight: 4000, rateHz: 5000 },
]

export type Rounds = { round: number; side: Side['name']; case: string; measured: Measured }[]

/** One figure, and what our median must be of theirs. */
interface Figure {
  readonly name: string
  readonly of: (measured: Measured) => number
  readonly digits: number
  readonly bound: { readonly least?: number; readonly most?: number } | null
}

const RATE: Figure = { name: 'rate, msg/s', of: (m) => m.rateHz, digits: 0, bound: { least: 1 } }
const CPU: Figure = {
  name: 'client CPU, µs/msg',
  of: (m) => m.cpuUsPerMessage,
  digits: 2,
  bound: { most: 0.5 },
}
const AT_MAXIMUM: readonly Figure[] = [RATE, CPU]
const AT_RATE: readonly Figure[] = [
  { ...RATE, bound: { least: 0.99 } },
  { name: 'service p50, ms', of: (m) => m.service.p50Ms, digits: 2, bound: { most: 1 } },
  { name: 'service p99, ms', of: (m) => m.service.p99Ms, digits: 2, bound: { most: 1 } },
  { name: 'end-to-end p50, ms', of: (m) => m.endToEnd.p50Ms, digits: 2, bound: null },
  { name: 'end-to-end p99, ms', of: (m) => m.endToEnd.p99Ms, digits: 2, bound: null },
  // Of interest, but a rate that neither finds hard is mostly the price of waking up.
  { ...CPU, bound: null },
]

/** The table of every round with medians and ratios, and whether all bounds hold. */
export function summary(rounds: Rounds): { readonly text: string; readonly holds: boolean } {
  const lines: string[] = []
  let holds = true
  for (const one of CASES) {
    const here = rounds.filter((run) => run.case === one.name)
    if (here.length === 0) continue
    lines.push('', `${one.name}${one.rateHz === null ? ' in flight' : ''}`)
    for (const figure of one.rateHz === null ? AT_MAXIMUM : AT_RATE) {
      const values = (side: Side['name']) =>
        here.filter((run) => run.side === side).map((run) => figure.of(run.measured))
      const ours = values('bench')
      const theirs = values('pulsar-perf')
      const ratio = median(ours) / median(theirs)
      const verdict = judge(ratio, figure.bound)
      holds &&= !verdict.endsWith('does NOT hold')
      lines.push(row(figure, 'bench', ours), row(figure, 'pulsar-perf', theirs))
      lines.push(`${' '.repeat(22)}ratio ${ratio.toFixed(2)}${verdict}`)
    }
  }
  lines.push('', holds ? 'holds' : 'does NOT hold')
  return { text: lines.join('\n'), holds }
}

function row({ name, digits }: Figure, side: string, values: readonly number[]): string {
  const shown = values.map((value) => value.toFixed(digits).padStart(9)).join('')
  return `  ${name.padEnd(20)}${side.padEnd(12)}${shown}   median ${median(values).toFixed(digits)}`
}

function judge(ratio: number, bound: Figure['bound']): string {
  if (bound === null) return ''
  const { least = 0, most = Number.POSITIVE_INFINITY } = bound
  const words = bound.least === undefined ? `≤ ${most}` : `≥ ${least}`
  return ratio >= least && ratio <= most ? `, ${words}: holds` : `, ${words}: does NOT hold`
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
