import {
  canShowDifference,
  MAX_TRIALS_PER_SIDE,
  testCount,
  tooFewSentence,
  trialsNeeded,
} from '../compare/statistics/index.ts'
import type { Plan } from './model.ts'

/** Publish p99 and end-to-end p99, which every trial tells. */
const LATENCY_FIGURES = 2

/** What so many trials can show when every side can be ranked; null with fewer than two sides. */
export interface Prospect {
  /** Tests in the report: every figure of every pair of sides. */
  readonly tests: number
  /** Whether the planned trials could show a difference. */
  readonly enough: boolean
  /** Trials a side that could; null when none that may be asked for can. */
  readonly trialsNeeded: number | null
  readonly sentence: string
}

/** What the report of a plan can show, before anything is measured. Pure. */
export function prospectOf({ sides, repeat }: Pick<Plan, 'sides' | 'repeat'>): Prospect | null {
  if (sides.length < 2) return null
  // CPU is only known of brokers on this machine.
  const local = sides.filter(({ servers }) => servers === null).length
  const tests = testCount(sides.length, LATENCY_FIGURES) + testCount(local, 1)
  const enough = canShowDifference(repeat, repeat, tests)
  const least = trialsNeeded(tests)
  const needed = canShowDifference(least, least, tests) ? least : null
  return { tests, enough, trialsNeeded: needed, sentence: sentenceOf(repeat, tests, enough, needed) }
}

function sentenceOf(repeat: number, tests: number, enough: boolean, needed: number | null): string {
  const among = tests === 1 ? '' : ` among the ${tests} tests of this report`
  if (enough) return `${repeat} trials of each side can show a difference at 5 %${among}`
  const remedy =
    needed === null ? `nor can ${MAX_TRIALS_PER_SIDE}: name fewer sides` : `--repeat ${needed} can`
  return `${tooFewSentence(repeat, repeat)}${among}; ${remedy}`
}
