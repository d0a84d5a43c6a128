import type { RunEvent, Second } from '../run/events.ts'
import { LIVE_LIMITS } from './limits.ts'

type SecondEvent = Extract<RunEvent, { readonly kind: 'second' }>
type TrialEvent = Extract<RunEvent, { readonly kind: 'trial' }>

export type LivePhase = Second['phase']

/** Sums over all trials of one side in one phase; they only grow. */
export interface PhaseTotals {
  scheduled: number
  acknowledged: number
  rejected: number
  unknown: number
  received: number
  publishCount: number
  endToEndCount: number
  readonly errors: Map<string, number>
}

/** What happened to one side so far. */
export interface SideTotals {
  readonly label: string
  readonly phases: Map<LivePhase, PhaseTotals>
  /** Trials by their verdicts: measurement, integrity. */
  readonly verdicts: Map<string, { readonly measurement: string; readonly integrity: string; count: number }>
  failedTrials: number
}

/** Everything that `/metrics` shows. */
export interface Totals {
  tell(event: RunEvent): void
  readonly sides: readonly SideTotals[]
  /** The trial under way, with the last second that was told of it. */
  readonly current: { readonly trial: TrialEvent; readonly second: SecondEvent | null } | null
}

export function createTotals(labels: readonly string[]): Totals {
  const sides = labels.map(
    (label): SideTotals => ({ label, phases: new Map(), verdicts: new Map(), failedTrials: 0 }),
  )
  let trial: TrialEvent | null = null
  let second: SecondEvent | null = null
  /** Errors of the trial under way at the last second. */
  let errorsBefore = new Map<string, number>()

  function takeSecond(event: SecondEvent, side: SideTotals): void {
    const totals = side.phases.get(event.phase) ?? emptyTotals()
    side.phases.set(event.phase, totals)
    const { counts } = event
    totals.scheduled += counts.scheduled
    totals.acknowledged += counts.acknowledged
    totals.rejected += counts.rejected
    totals.unknown += counts.unknown
    totals.received += counts.received
    totals.publishCount += event.publish?.count ?? 0
    totals.endToEndCount += event.endToEnd?.count ?? 0
    const errors = new Map(Object.entries(event.errors))
    for (const [kind, count] of errors) {
      // A worker that died is not in the sum any more.
      const grown = Math.max(0, count - (errorsBefore.get(kind) ?? 0))
      if (grown === 0) continue
      const name = totals.errors.has(kind) || totals.errors.size < LIVE_LIMITS.errorKinds ? kind : 'other'
      totals.errors.set(name, (totals.errors.get(name) ?? 0) + grown)
    }
    errorsBefore = errors
  }

  return {
    sides,
    get current() {
      return trial === null ? null : { trial, second }
    },
    tell(event) {
      if (!('side' in event)) return
      const side = sides.find(({ label }) => label === event.side)
      if (side === undefined) return
      if (event.kind === 'second') {
        takeSecond(event, side)
        second = event
      } else if (event.kind === 'trial') {
        trial = event
        second = null
        errorsBefore = new Map()
      } else if (event.kind === 'side-done') {
        const { measurement, integrity } = event
        const key = `${measurement} ${integrity}`
        const held = side.verdicts.get(key) ?? { measurement, integrity, count: 0 }
        held.count++
        side.verdicts.set(key, held)
        trial = null
      } else if (event.kind === 'side-failed') {
        side.failedTrials++
        trial = null
      }
    },
  }
}

function emptyTotals(): PhaseTotals {
  return {
    scheduled: 0,
    acknowledged: 0,
    rejected: 0,
    unknown: 0,
    received: 0,
    publishCount: 0,
    endToEndCount: 0,
    errors: new Map(),
  }
}
