import type { Bill } from './cost-explorer.ts'
import type { BillSummary } from './costs-file.ts'

const DAY_MS = 86_400_000
/** Until then usage may not be on the bill: AWS renews it once a day at least. */
export const BILL_DELAY_MS = DAY_MS
/** Without a bill until then, something is wrong. */
const SURELY_BILLED_MS = 3 * DAY_MS

/** When an experiment stood. */
export interface Period {
  readonly fromMs: number
  /** Null while it stands. */
  readonly untilMs: number | null
}

/** Days of the bill to ask for; `untilDay` is not one of them. The future has none. Pure. */
export function billDays({ fromMs, untilMs }: Period, nowMs: number) {
  const lastMs = Math.max(fromMs, Math.min(untilMs ?? nowMs, nowMs))
  return { fromDay: dayOf(fromMs), untilDay: dayOf(lastMs + DAY_MS) }
}

/** What the bill says, and how far it is to be believed. Pure. */
export function billSummary(bill: Bill, { untilMs }: Period, nowMs: number): BillSummary {
  const askedAt = new Date(nowMs).toISOString()
  const sinceMs = untilMs === null ? 0 : nowMs - untilMs
  if (bill.rows.length === 0) {
    const why =
      sinceMs > SURELY_BILLED_MS
        ? 'AWS bills nothing with this tag: was it activated for cost allocation before the experiment?'
        : 'not known yet: AWS shows usage about a day later'
    return { state: 'notYet', why, askedAt, totalUsd: null, rows: [], days: [] }
  }
  const { rows, days, totalUsd } = bill
  const known = { askedAt, totalUsd, rows: [...rows], days: [...days] }
  if (untilMs === null) return { ...known, state: 'partial', why: 'so far: the experiment still stands' }
  if (sinceMs < BILL_DELAY_MS)
    return { ...known, state: 'partial', why: 'so far: usage of the last day may be missing' }
  const open = days.filter(({ isEstimated }) => isEstimated).length
  if (open > 0)
    return {
      ...known,
      state: 'open',
      why: `AWS may still change ${open} of ${days.length} ${days.length === 1 ? 'day' : 'days'}, until the month is closed`,
    }
  return { ...known, state: 'final', why: 'final' }
}

/** Nobody could ask. Pure. */
export function noBill(why: string): BillSummary {
  return { state: 'none', why, askedAt: null, totalUsd: null, rows: [], days: [] }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
