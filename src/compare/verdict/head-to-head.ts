import { holm, shareText, trialsNeeded } from '../statistics/index.ts'
import { driftVerdicts } from './drift.ts'
import { FIGURE_KINDS, type FigureName, VERDICT_FIGURES } from './figures.ts'
import { heldVerdicts } from './held.ts'
import { judgePair, type Pair, testPair } from './pairs.ts'
import { type Standing, standings } from './ranking.ts'
import { figureSentences } from './sentences.ts'
import type {
  ClaimBasis,
  FigureVerdict,
  GuaranteeRow,
  HeadToHead,
  HeadToHeadInput,
  PairVerdict,
  SideTrials,
} from './types.ts'
import { unequalGuarantees } from './unequal.ts'

/** A smaller difference is nobody's reason to choose a broker. */
export const RELEVANCE_MARGIN = 0.02

interface Contest {
  readonly figure: FigureName
  readonly standings: readonly Standing[]
  readonly pairs: readonly Pair[]
}

/**
 * Who is better at what, by how much, and how sure that is. Pure: the same trials give the same verdict. All tests of
 * the report (figures × pairs × loads) share one Holm adjustment, so that the probability of any false claim about a
 * difference is at most 5 %; drift, a check on the run, is tested apart. A side with a violated, invalid or (where it
 * matters) saturated trial is not ranked, and so never wins.
 */
export function judgeHeadToHead(input: HeadToHeadInput): HeadToHead {
  const strict = input.strict ?? false
  const contests = input.loads.map(({ sides, guarantees }) =>
    VERDICT_FIGURES.filter((figure) => isKnown(sides, figure)).map((figure) =>
      contestOf(sides, figure, guarantees ?? input.guarantees ?? [], strict),
    ),
  )
  const tested = contests.flat().flatMap(({ pairs }) => pairs.filter(({ rank }) => rank !== null))
  const adjusted = holm(tested.map(({ rank }) => rank!.p))
  const adjustedP = new Map(tested.map((pair, i) => [pair, adjusted[i]!]))
  const tests = tested.length
  const basis: ClaimBasis = {
    tests,
    relevanceMargin: Math.max(RELEVANCE_MARGIN, input.noiseFloor ?? 0),
    ...(input.currency === undefined ? {} : { currency: input.currency }),
    ...(input.floorsUs === undefined ? {} : { floorsUs: input.floorsUs }),
  }
  const drifts = driftVerdicts(input.loads)
  return {
    ...basis,
    trialsNeeded: trialsNeeded(tests),
    strict,
    loads: input.loads.map((load, i) => ({
      rateHz: load.rateHz,
      held: heldVerdicts(load),
      figures: contests[i]!.map((contest) =>
        figureVerdict(
          contest,
          contest.pairs.map((pair) => judgePair(pair, adjustedP.get(pair) ?? 1, basis)),
        ),
      ),
      drifts: drifts[i]!,
    })),
    sentences: reportSentences(basis),
  }
}

function isKnown(sides: readonly SideTrials[], figure: FigureName): boolean {
  return sides.some(({ trials }) => trials.some(({ figures }) => figures[figure] !== undefined))
}

function contestOf(
  sides: readonly SideTrials[],
  figure: FigureName,
  guarantees: readonly GuaranteeRow[],
  strict: boolean,
): Contest {
  const all = standings(sides, figure)
  const ranked = all.filter((standing) => 'values' in standing)
  const pairs = ranked.flatMap((second, j) =>
    ranked.slice(0, j).map((first) =>
      testPair(
        {
          figure,
          labels: [first.label, second.label],
          values: [first.values, second.values],
          unequal: unequalGuarantees(guarantees, first.index, second.index),
        },
        strict,
      ),
    ),
  )
  return { figure, standings: all, pairs }
}

function figureVerdict({ figure, standings }: Contest, pairs: readonly PairVerdict[]): FigureVerdict {
  const kind = FIGURE_KINDS[figure]
  const ranked = standings.filter((standing) => 'values' in standing).map(({ label }) => label)
  const notRanked = standings.flatMap((standing) =>
    'reason' in standing ? [{ label: standing.label, reason: standing.reason }] : [],
  )
  const wins = (label: string) => pairs.filter(({ better }) => better === label).length
  const winner =
    ranked.length < 2 ? null : (ranked.find((label) => wins(label) === ranked.length - 1) ?? null)
  const verdict = { figure, title: kind.title, ranked, notRanked, pairs, winner }
  return { ...verdict, sentences: figureSentences(verdict, kind) }
}

function reportSentences({ tests, relevanceMargin }: ClaimBasis): string[] {
  if (tests === 0) return []
  const adjusted = tests === 1 ? 'One test was made' : `p values are adjusted for ${tests} tests (Holm)`
  return [
    `${adjusted}: the probability that any difference or equality claimed here is false is at most 5 %.`,
    `Differences below ${shareText(relevanceMargin)} % are not called relevant.`,
  ]
}
