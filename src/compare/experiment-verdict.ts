import type { ExperimentResult } from '../result/result.ts'
import { guaranteeRows } from './guarantees.ts'
import { shareText } from './statistics/index.ts'
import { type HeadToHead, judgeHeadToHead, sideTrialsOf } from './verdict/index.ts'

/** Exact tests over many trials take a second; every view of a report asks for the same verdict. */
const judged = new WeakMap<ExperimentResult, HeadToHead>()

/** The verdict over the trials of a result; null with fewer than two sides, or where no side has two trials. Pure. */
export function experimentVerdict(result: ExperimentResult): HeadToHead | null {
  if (result.sides.length < 2 || result.sides.every(({ trials }) => trials.length < 2)) return null
  const known = judged.get(result)
  if (known !== undefined) return known
  const load = { rateHz: result.workload.producerRateHz, sides: sideTrialsOf(result.sides) }
  const verdict = judgeHeadToHead({
    loads: [load],
    guarantees: guaranteeRows(result),
    strict: result.strict ?? false,
  })
  judged.set(result, verdict)
  return verdict
}

/** A part of the verdict, for reading from the first line to the last. */
export interface VerdictSection {
  readonly title: string
  readonly lines: readonly string[]
  /** Lines in benchstat's form, which line up in a fixed-width font. */
  readonly fixedWidth: boolean
}

/** The verdict in words: who is better at what, the figures behind it, who held the rate, drift, and how sure it is. */
export function verdictSections({ loads, sentences }: HeadToHead): readonly VerdictSection[] {
  const figures = loads.flatMap((load) => load.figures)
  const drifts = loads.flatMap((load) => load.drifts)
  const held = loads.flatMap((load) => load.held)
  const text = (title: string, lines: readonly string[]) => ({ title, lines, fixedWidth: false })
  const sections: VerdictSection[] = [
    text(
      'Head to head',
      figures.flatMap((figure) => figure.sentences),
    ),
    text(
      'Rate',
      held.map(({ sentence }) => sentence),
    ),
    { title: 'Medians over trials', lines: figures.flatMap(benchstatLines), fixedWidth: true },
    text(
      'Drift',
      drifts.map(({ sentence }) => sentence),
    ),
    text('How sure this is', sentences),
  ]
  return sections.filter(({ lines }) => lines.length > 0)
}

type Figure = HeadToHead['loads'][number]['figures'][number]

function benchstatLines({ title, pairs }: Figure): string[] {
  return pairs.flatMap(({ first, second, line, test }) => {
    if (line === null) return []
    const least = test?.smallestDetectable ?? null
    const detectable = least === null ? '' : `  detectable from ${shareText(least)} %`
    return [`${title}, ${first} → ${second}: ${line}${detectable}`]
  })
}
