import { countText, percentText } from '../../result/figures.ts'
import type { Contest, ContestSide } from '../contests/contest.ts'
import { guaranteesOf } from '../contests/guarantees.ts'
import { figureText } from '../sources/index.ts'
import {
  ALPHA,
  benchstatLine,
  canShowDifference,
  changeText,
  hodgesLehmann,
  holm,
  mannWhitney,
  type RatioInterval,
  ratioInterval,
  shareText,
  smallestDetectable,
  spreadOf,
  tooFewSentence,
  trialNoise,
  trialsNeeded,
} from '../statistics/index.ts'
import { unequalGuarantees } from '../verdict/index.ts'
import { wholeTrials, whyNotRanked } from '../verdict/ranking.ts'
import type { Gate } from './grammar.ts'

/**
 * - `failed`: the figure changed, significantly, and by more than the limit
 * - `passed`: it did not
 * - `not judged`: it cannot be said, and `sentence` says why
 */
export type GateOutcome = 'failed' | 'passed' | 'not judged'

/** One gate on one side. */
export interface GateVerdict {
  /** As in `--fail-on`. */
  readonly gate: string
  readonly figure: string
  readonly contest: string
  readonly baseline: string
  readonly side: string
  readonly outcome: GateOutcome
  /** Null when not judged for another reason than too few trials. */
  readonly test: GateTest | null
  /** Stands alone. */
  readonly sentence: string
}

export interface GateTest {
  readonly n: readonly [number, number]
  readonly medians: readonly [number, number]
  readonly p: number
  /** Over all gates; held against 5 %. */
  readonly adjustedP: number
  /** Side / baseline. */
  readonly ratio: RatioInterval
  /** Side − baseline (Hodges–Lehmann), µs or messages a second. */
  readonly change: number
  /** Tests that `adjustedP` is adjusted for. */
  readonly tests: number
}

/** A gate on a side, before the tests are adjusted for one another. */
interface GateCase {
  readonly gate: Gate
  readonly contest: Contest
  readonly baseline: ContestSide
  readonly side: ContestSide
  readonly values: readonly [readonly number[], readonly number[]]
  readonly p: number
  /** Why it cannot be judged, else null. */
  readonly refused: string | null
}

/**
 * Judges every gate on every side against the baseline of its contest. Gates are a family of their own: whatever number
 * of them there is, the probability that any fails although nothing changed is at most 5 % (Holm). A change must be
 * significant and beyond the limit to fail. Pure.
 */
export function judgeGates(
  contests: readonly Contest[],
  gates: readonly Gate[],
  strict: boolean,
): readonly GateVerdict[] {
  const cases = contests.flatMap((contest) =>
    contest.sides.slice(1).flatMap((side) => gates.map((gate) => caseOf(contest, side, gate, strict))),
  )
  // Two limits on one figure are one test.
  const tested = new Map(
    cases.filter(({ refused }) => refused === null).map((each) => [testKey(each), each.p]),
  )
  const keys = [...tested.keys()]
  const adjusted = holm([...tested.values()])
  const severalRates = new Set(contests.map(({ rateHz }) => rateHz)).size > 1
  return cases.map((each) =>
    judge(each, adjusted[keys.indexOf(testKey(each))] ?? 1, keys.length, severalRates),
  )
}

function testKey({ contest, side, gate }: GateCase): string {
  return JSON.stringify([contest.title, side.label, gate.figure.name])
}

function caseOf(contest: Contest, side: ContestSide, gate: Gate, strict: boolean): GateCase {
  const baseline = contest.sides[0]!
  const refused = whyNotJudged(contest, baseline, side, gate, strict)
  const valuesOf = ({ trials }: ContestSide) =>
    refused === null ? wholeTrials(trials).map(({ values }) => values[gate.figure.name]!.value) : []
  const values = [valuesOf(baseline), valuesOf(side)] as const
  const p = refused === null ? mannWhitney(...values).p : 1
  return { gate, contest, baseline, side, values, p, refused }
}

function whyNotJudged(
  contest: Contest,
  baseline: ContestSide,
  side: ContestSide,
  { figure }: Gate,
  strict: boolean,
): string | null {
  if (contest.differences.length > 0) return `the loads differ (${contest.differences.join('; ')})`
  for (const each of [baseline, side]) {
    const reason = whyNotRanked(each.trials, figure, ({ values }) => values[figure.name])
    if (reason !== null) return `${each.label} is not ranked: ${reason}`
  }
  if (!strict) return null
  const unequal = unequalGuarantees(guaranteesOf([baseline, side]), 0, 1)
  return unequal.length === 0 ? null : `the sides do not promise the same (${unequal.join('; ')})`
}

function judge(each: GateCase, adjustedP: number, tests: number, severalRates: boolean): GateVerdict {
  const { gate, contest, baseline, side, values, p, refused } = each
  const about = {
    gate: gate.text,
    figure: gate.figure.name,
    contest: contest.title,
    baseline: baseline.label,
    side: side.label,
  }
  const { rateHz } = contest
  const rate = severalRates && rateHz !== null ? ` at ${countText(rateHz)} msg/s` : ''
  const start = `${gate.text}, ${side.label} against ${baseline.label}${rate}`
  if (refused !== null) {
    return {
      ...about,
      outcome: 'not judged',
      test: null,
      sentence: `${start}: cannot be judged: ${refused}.`,
    }
  }
  const [first, second] = values
  const test: GateTest = {
    n: [first.length, second.length],
    medians: [spreadOf(first).median, spreadOf(second).median],
    p,
    adjustedP,
    ratio: ratioInterval(first, second),
    change: hodgesLehmann(first, second),
    tests,
  }
  if (!canShowDifference(...test.n, tests)) {
    const family = tests === 1 ? '' : ` for ${tests} tests`
    const sentence =
      `${start}: cannot be judged: ${tooFewSentence(...test.n)}; ` +
      `${trialsNeeded(tests)} of each would be enough${family}.`
    return { ...about, outcome: 'not judged', test, sentence }
  }
  const failed = adjustedP <= ALPHA && isBeyond(gate, test)
  return {
    ...about,
    outcome: failed ? 'failed' : 'passed',
    test,
    sentence: `${start}: ${judgedText(each, test, failed)}.`,
  }
}

function isBeyond({ operator, limit }: Gate, { ratio, change }: GateTest): boolean {
  const [found, most] = limit.kind === 'relative' ? [ratio.ratio - 1, limit.share] : [change, limit.change]
  return operator === '>' ? found > most : found < most
}

function judgedText({ gate, values }: GateCase, test: GateTest, failed: boolean): string {
  const { unit } = gate.figure
  const shown = test.adjustedP <= ALPHA
  const line = benchstatLine({
    first: spreadOf(values[0]),
    second: spreadOf(values[1]),
    ratio: test.ratio.ratio,
    p: test.adjustedP,
    shown,
    text: (value) => figureText(unit, value),
  })
  if (failed) return `${line}, beyond the limit (${intervalText(test)})`
  if (shown) return `${line}, within the limit (${intervalText(test)})`
  return `${line}: no change shown${blindness(gate, values, test)}`
}

function intervalText({ ratio }: GateTest): string {
  return `${percentText(ratio.level)} interval ${changeText(ratio.low)} to ${changeText(ratio.high)}`
}

/** A gate that passes because its trials could hardly show what it forbids must not look like assurance. */
function blindness({ limit }: Gate, values: GateCase['values'], test: GateTest): string {
  const noise = trialNoise(...values)
  const least = noise === null ? null : smallestDetectable(...test.n, noise, test.tests)
  if (least === null) return ''
  const share = limit.kind === 'relative' ? Math.abs(limit.share) : Math.abs(limit.change) / test.medians[0]
  if (least <= share) return ''
  return `; at this noise changes below ${shareText(least)} % are easily missed`
}
