import type { FailedTrial, SideResult, TrialResult } from '../result/result.ts'
import type { SearchResult } from '../result/search.ts'
import type { Side } from '../workload/model.ts'
import type { TrialOutcome } from './side.ts'

/** After so many trials in a row that could not be prepared a side is given up: what ails it is not passing. */
export const FAILURES_TO_GIVE_UP = 2

/** What is known of one side while the experiment goes on. */
export interface SideBook {
  readonly side: Side
  add(place: number, outcome: TrialOutcome): void
  /** Trials begun so far, failed ones included. */
  readonly begun: number
  readonly givenUp: boolean
  /** What the search on the side came to, by now. */
  search: SearchResult | null
  /** `skipped` says why nothing was tried, when nothing was. */
  result(skipped: string): SideResult
}

/** An empty book; nothing is tried yet. */
export function newSideBook(side: Side): SideBook {
  const trials: TrialResult[] = []
  const failures: FailedTrial[] = []
  let failuresInARow = 0
  return {
    side,
    search: null,
    add(place, outcome) {
      if ('trial' in outcome) trials.push({ ...outcome.trial, place })
      else failures.push({ place, ...outcome.failure })
      failuresInARow = 'trial' in outcome ? 0 : failuresInARow + 1
    },
    get begun() {
      return trials.length + failures.length
    },
    get givenUp() {
      return failuresInARow >= FAILURES_TO_GIVE_UP
    },
    result(skipped) {
      const last = failures.at(-1)
      const unprepared = last === undefined ? notRun(skipped) : { message: last.message, hint: last.hint }
      return {
        label: side.label,
        driver: side.driver,
        settings: side.settings,
        ignoredSettings: side.ignored,
        error: trials.length === 0 ? unprepared : null,
        trials: [...trials],
        ...(trials.length > 0 && failures.length > 0 ? { failedTrials: [...failures] } : {}),
        ...(this.search && { search: this.search }),
      }
    },
  }
}

function notRun(reason: string): { message: string; hint: null } {
  return { message: `not run: ${reason}`, hint: null }
}
