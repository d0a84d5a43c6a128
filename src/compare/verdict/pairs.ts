import { isWithinFloor } from '../floor-notes.ts'
import {
  ALPHA,
  canShowDifference,
  mannWhitney,
  type RankTest,
  ratioInterval,
  smallestDetectable,
  spreadOf,
  trialNoise,
} from '../statistics/index.ts'
import { benchstatLine } from '../statistics/line.ts'
import { type FigureName, kindOf } from './figures.ts'
import { pairSentence } from './sentences.ts'
import type { ClaimBasis, PairOutcome, PairTest, PairVerdict } from './types.ts'

/** Two sides that may be ranked on a figure, before the claims of the report are adjusted. */
export interface Pair {
  readonly figure: FigureName
  readonly labels: readonly [string, string]
  readonly values: readonly [readonly number[], readonly number[]]
  readonly unequal: readonly string[]
  /** Null when refused. */
  readonly rank: RankTest | null
}

export function testPair(pair: Omit<Pair, 'rank'>, strict: boolean): Pair {
  const refused = strict && pair.unequal.length > 0
  return { ...pair, rank: refused ? null : mannWhitney(...pair.values) }
}

/** `adjustedP` is not looked at when the pair was refused. */
export function judgePair(pair: Pair, adjustedP: number, basis: ClaimBasis): PairVerdict {
  const { figure, labels, values, unequal, rank } = pair
  const kind = kindOf(figure, basis.currency)
  const [first, second] = labels
  if (rank === null) {
    const refused = {
      first,
      second,
      outcome: 'refused',
      better: null,
      test: null,
      line: null,
      unequal,
    } as const
    return { ...refused, sentence: pairSentence(refused, kind, basis) }
  }
  const test = testOf(values, rank, adjustedP, basis, basis.floorsUs?.[figure])
  const outcome = outcomeOf(values, test, basis)
  const secondBetter = kind.better === 'lower' ? test.ratio.ratio < 1 : test.ratio.ratio > 1
  const better = outcome === 'shown' ? (secondBetter ? second : first) : null
  const line = benchstatLine({
    first: spreadOf(values[0]),
    second: spreadOf(values[1]),
    ratio: test.ratio.ratio,
    p: adjustedP,
    shown: adjustedP <= ALPHA,
    text: kind.text,
  })
  const verdict = { first, second, outcome, better, test, line, unequal }
  return { ...verdict, sentence: pairSentence(verdict, kind, basis) }
}

function testOf(
  values: Pair['values'],
  rank: RankTest,
  adjustedP: number,
  { tests }: ClaimBasis,
  floorUs: number | undefined,
): PairTest {
  const [first, second] = values
  const noise = trialNoise(first, second)
  const medians = [spreadOf(first).median, spreadOf(second).median] as const
  return {
    n: [first.length, second.length],
    medians,
    ...rank,
    adjustedP,
    ratio: ratioInterval(first, second),
    smallestDetectable: noise === null ? null : smallestDetectable(first.length, second.length, noise, tests),
    ...(isWithinFloor(...medians, floorUs) && floorUs !== undefined ? { withinFloorUs: floorUs } : {}),
  }
}

function outcomeOf(
  values: Pair['values'],
  test: PairTest,
  { tests, relevanceMargin }: ClaimBasis,
): PairOutcome {
  const margin = Math.log1p(relevanceMargin)
  // That there is no relevant difference is a claim too: it takes its part of the 5 % like every other.
  const { low, high, level } = ratioInterval(...values, ALPHA / tests)
  const within = Math.log(low) > -margin && Math.log(high) < margin
  if (within && level >= 1 - ALPHA / tests) return 'irrelevant'
  // A difference may be certain and its relevance not: then nobody wins by it, and nobody is called equal.
  if (test.adjustedP <= ALPHA) return Math.abs(Math.log(test.ratio.ratio)) < margin ? 'not shown' : 'shown'
  return canShowDifference(...test.n, tests) ? 'not shown' : 'too few'
}
