import { countText } from '../result/figures.ts'
import { pText, shareText, tooFewSentence } from './statistics/index.ts'
import { list } from './table.ts'
import type { DriftVerdict, FigureVerdict, HeadToHead, LoadVerdict } from './verdict/index.ts'

/** A part of the verdict, for reading from the first line to the last. */
export interface VerdictSection {
  readonly title: string
  readonly lines: readonly string[]
  /** Lines in benchstat's form, for a fixed-width font. */
  readonly fixedWidth: boolean
}

/**
 * The verdict in words: who is better at what (at each rate), who held which rate, what they promise, the figures, drift,
 * certainty. `advice` says at which rates sides can be ranked.
 */
export function verdictSections(
  verdict: HeadToHead,
  advice: readonly string[] = [],
): readonly VerdictSection[] {
  const { loads, sentences } = verdict
  const several = loads.length > 1
  const text = (title: string, lines: readonly string[]) => ({ title, lines, fixedWidth: false })
  const sections: VerdictSection[] = [
    ...loads.map((load) =>
      text(several ? `Head to head at ${rateText(load)}` : 'Head to head', headToHeadLines(load, verdict)),
    ),
    text('Rate', [...advice, ...loads.flatMap(({ held }) => held.map(({ sentence }) => sentence))]),
    text('Unequal guarantees', unequalLines(loads.flatMap(({ figures }) => figures))),
    {
      title: 'Medians over trials',
      lines: loads.flatMap((load) => benchstatLines(load, several)),
      fixedWidth: true,
    },
    text('Drift', driftLines(loads)),
    text('How sure this is', sentences),
  ]
  return sections.filter(({ lines }) => lines.length > 0)
}

function rateText({ rateHz }: LoadVerdict): string {
  return `${countText(rateHz)} msg/s`
}

function headToHeadLines({ figures }: LoadVerdict, verdict: HeadToHead): readonly string[] {
  return [...figures.flatMap((figure) => figureLines(figure, verdict)), ...notRankedLines(figures)]
}

/** Where no pair of a figure has trials enough, that is said once. */
function figureLines(figure: FigureVerdict, { trialsNeeded }: HeadToHead): readonly string[] {
  const { pairs, ranked, notRanked, title } = figure
  const ns = new Set(pairs.flatMap(({ test }) => test?.n ?? []))
  if (pairs.length < 2 || ns.size !== 1 || pairs.some(({ outcome }) => outcome !== 'too few')) {
    const toldBelow = new Set(notRanked.map(({ label, reason }) => notRankedLine(label, [title], reason)))
    return figure.sentences.filter((sentence) => !toldBelow.has(sentence))
  }
  const [n] = ns
  return [
    `${tooFewSentence(n!, n!)} in ${title} between any two of ${list(ranked)}; ${trialsNeeded} of each would be enough.`,
  ]
}

/** Each side once for each reason, with all the figures that it is not ranked on for it. */
function notRankedLines(figures: readonly FigureVerdict[]): readonly string[] {
  const groups = new Map<string, { label: string; reason: string; titles: string[] }>()
  for (const { title, notRanked } of figures) {
    for (const { label, reason } of notRanked) {
      const key = JSON.stringify([label, reason])
      const group = groups.get(key) ?? { label, reason, titles: [] }
      group.titles.push(title)
      groups.set(key, group)
    }
  }
  return [...groups.values()].map(({ label, reason, titles }) => notRankedLine(label, titles, reason))
}

function notRankedLine(label: string, titles: readonly string[], reason: string): string {
  return `${label} is not ranked on ${list(titles)}: ${reason}.`
}

/** Each pair once, whatever was shown between them. */
function unequalLines(figures: readonly FigureVerdict[]): readonly string[] {
  const lines = figures.flatMap(({ pairs }) =>
    pairs
      .filter(({ unequal }) => unequal.length > 0)
      .map(({ first, second, unequal }) => `${first} against ${second}: ${unequal.join('; ')}.`),
  )
  return [...new Set(lines)]
}

function benchstatLines(load: LoadVerdict, several: boolean): string[] {
  const rate = several ? `${rateText(load)}, ` : ''
  return load.figures.flatMap(({ title, pairs }) =>
    pairs.flatMap(({ first, second, line, test }) => {
      if (line === null) return []
      const least = test?.smallestDetectable ?? null
      const detectable = least === null ? '' : `  detectable from ${shareText(least)} %`
      return [`${rate}${title}, ${first} → ${second}: ${line}${detectable}`]
    }),
  )
}

/** What drifted, one by one; all else in one sentence. */
function driftLines(loads: readonly LoadVerdict[]): readonly string[] {
  const shown = loads.flatMap((load) =>
    load.drifts
      .filter((drift) => drift.shown)
      .map(({ sentence }) => (loads.length > 1 ? `At ${rateText(load)}: ${sentence}` : sentence)),
  )
  const still = loads.flatMap(({ drifts }) => drifts.filter((drift) => !drift.shown))
  return still.length === 0 ? shown : [...shown, stillSentence(still, shown.length > 0)]
}

function stillSentence(drifts: readonly DriftVerdict[], others: boolean): string {
  const p = pText(Math.min(...drifts.map(({ adjustedP }) => adjustedP)))
  const least = drifts.length === 1 ? `p=${p}` : `least p=${p}`
  if (others) return `No other drift shown over the run (${least}).`
  return `No drift of ${list([...new Set(drifts.map(({ title }) => title))])} shown over the run (${least}).`
}
