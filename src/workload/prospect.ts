import {
  canShowDifference,
  MAX_TRIALS_PER_SIDE,
  testCount,
  tooFewSentence,
  trialsNeeded,
} from '../compare/statistics/index.ts'
import type { Side } from './model.ts'

/** Publish p99 and end-to-end p99, which every trial tells. */
const LATENCY_FIGURES = 2

type Contest = {
  readonly sides: readonly Pick<Side, 'servers'>[]
  /** How many rates are offered. */
  readonly rates: number
}

/** What so many trials can show when every side can be ranked at every rate; null with fewer than two sides. */
export interface Prospect {
  /** Tests in the report: every figure of every pair of sides at every rate. */
  readonly tests: number
  /** Whether the planned trials could show a difference. */
  readonly enough: boolean
  /** Trials of each side at each rate that could; null when none that may be asked for can. */
  readonly trialsNeeded: number | null
  readonly sentence: string
}

/** What the report of a plan can show, before anything is measured. Pure. */
export function prospectOf(contest: Contest & { readonly repeat: number }): Prospect | null {
  if (contest.sides.length < 2) return null
  const { repeat, rates } = contest
  const tests = testsOf(contest)
  const enough = canShowDifference(repeat, repeat, tests)
  const least = trialsNeeded(tests)
  const needed = canShowDifference(least, least, tests) ? least : null
  const can = enough
    ? `${repeat} trials of each side${rates > 1 ? ' at each rate' : ''} can show a difference at 5 %`
    : tooFewSentence(repeat, repeat)
  const among = tests === 1 ? '' : ` among the ${tests} tests of this report`
  const remedy =
    needed === null ? `nor can ${MAX_TRIALS_PER_SIDE}: name fewer sides` : `--repeat auto takes ${needed}`
  return { tests, enough, trialsNeeded: needed, sentence: `${can}${among}; ${remedy}` }
}

/** The least trials of each side at each rate with which a verdict can be asked for. */
export function trialsForVerdict(contest: Contest): number {
  return trialsNeeded(testsOf(contest))
}

function testsOf({ sides, rates }: Contest): number {
  // CPU is only known of brokers on this machine.
  const local = sides.filter(({ servers }) => servers === null).length
  return rates * (testCount(sides.length, LATENCY_FIGURES) + testCount(local, 1))
}
