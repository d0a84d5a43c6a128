import { percentText } from '../../result/figures.ts'
import { ALPHA, changeText, pText, shareText, tooFewSentence, trialsNeeded } from '../statistics/index.ts'
import type { FigureKind } from './figures.ts'
import type { ClaimBasis, FigureVerdict, PairTest, PairVerdict } from './types.ts'

/** One pair in plain English; the figure is named by the caller's heading and here, so that the sentence stands alone. */
export function pairSentence(
  pair: Omit<PairVerdict, 'sentence'>,
  kind: FigureKind,
  { tests, relevanceMargin }: ClaimBasis,
): string {
  const { first, second, outcome, test } = pair
  const both = `${first} and ${second}`
  if (test === null) return `${both} are not ranked on ${kind.title}: ${promises(pair)}.`
  const p = `p=${pText(test.adjustedP)}`
  const changed =
    `${changeText(test.ratio.ratio)} (${intervalText(test)}, ${p}), ` +
    `where less than ${shareText(relevanceMargin)} % is not relevant`
  switch (outcome) {
    case 'shown':
      return `${differenceSentence(pair, kind, p)}${floorWords(test, kind)}${beware(pair)}.`
    case 'irrelevant':
      return `No relevant difference in ${kind.title} between ${both}: ${changed}${beware(pair)}.`
    case 'too few':
      return `${tooFewSentence(...test.n)} in ${kind.title} between ${both}; ${trialsNeeded(tests)} of each would be enough.`
    default:
      if (test.adjustedP <= ALPHA) {
        return `No relevant difference in ${kind.title} shown between ${both}: ${changed}${beware(pair)}.`
      }
      return `No difference in ${kind.title} shown between ${both} (${p})${missed(test)}.`
  }
}

function differenceSentence(pair: Omit<PairVerdict, 'sentence'>, kind: FigureKind, p: string): string {
  const { first, second, better } = pair
  const test = pair.test!
  const secondBetter = better === second
  const [winner, loser] = secondBetter ? [second, first] : [first, second]
  const medians = secondBetter ? [test.medians[1], test.medians[0]] : test.medians
  const ratio = secondBetter ? test.ratio : inverse(test.ratio)
  return (
    `${winner} has the ${kind.better} ${kind.title}: ${kind.text(medians[0]!)} against ${kind.text(medians[1]!)} of ` +
    `${loser}, ${changeText(ratio.ratio)} (${intervalText({ ratio })}, ${p})`
  )
}

function inverse({ ratio, low, high, level }: NonNullable<PairVerdict['test']>['ratio']) {
  return { ratio: 1 / ratio, low: 1 / high, high: 1 / low, level }
}

function intervalText({ ratio }: Pick<NonNullable<PairVerdict['test']>, 'ratio'>): string {
  return `${percentText(ratio.level)} interval ${changeText(ratio.low)} to ${changeText(ratio.high)}`
}

function missed({ smallestDetectable }: NonNullable<PairVerdict['test']>): string {
  if (smallestDetectable === null) return ''
  const share = shareText(smallestDetectable)
  return `; at this noise only differences of ${share} % and more would be found in four cases of five`
}

function floorWords({ withinFloorUs }: Pick<PairTest, 'withinFloorUs'>, kind: FigureKind): string {
  if (withinFloorUs === undefined) return ''
  return `; a difference within the noise floor of ${kind.text(withinFloorUs)}`
}

function promises({ unequal }: Pick<PairVerdict, 'unequal'>): string {
  return `they do not promise the same (${unequal.join('; ')})`
}

function beware(pair: Pick<PairVerdict, 'unequal'>): string {
  return pair.unequal.length === 0 ? '' : `; but ${promises(pair)}`
}

/** The winner first, then every pair, then who is not ranked. */
export function figureSentences(verdict: Omit<FigureVerdict, 'sentences'>, kind: FigureKind): string[] {
  const { ranked, notRanked, winner, pairs, title } = verdict
  const sentences: string[] = []
  if (winner !== null && ranked.length > 2) {
    const superlative = kind.better === 'lower' ? 'lowest' : 'highest'
    sentences.push(`${winner} has the ${superlative} ${title} of the ${ranked.length} ranked sides.`)
  }
  sentences.push(...pairs.map(({ sentence }) => sentence))
  sentences.push(...notRanked.map(({ label, reason }) => `${label} is not ranked on ${title}: ${reason}.`))
  if (ranked.length === 1 && notRanked.length > 0) {
    sentences.push(`Only ${ranked[0]} could be ranked on ${title}, so nobody wins.`)
  }
  return sentences
}
