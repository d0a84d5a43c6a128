import { EXIT, type ExitCode, gravest } from '../../errors/exit-codes.ts'
import type { ExperimentResult } from '../../result/result.ts'
import type { ComparedBy, Contest } from '../contests/contest.ts'
import { guaranteesOf } from '../contests/guarantees.ts'
import { type ContestChoice, makeContests } from '../contests/make-contests.ts'
import { experimentVerdict } from '../experiment-verdict.ts'
import { verdictFloors } from '../floor-notes.ts'
import type { Gate } from '../gates/grammar.ts'
import { type GateVerdict, judgeGates } from '../gates/judge-gates.ts'
import { headlineOf } from '../headline.ts'
import type { Source } from '../sources/index.ts'
import { type HeadToHead, judgeHeadToHead, type Load, type LoadVerdict } from '../verdict/index.ts'
import { type VerdictSection, verdictSections } from '../verdict-sections.ts'
import { type FigureRow, figureRows } from './figure-rows.ts'
import { type ComparisonHeadline, comparisonHeadline } from './first-line.ts'
import { notesOf } from './notes.ts'

export interface ComparisonOptions extends ContestChoice {
  readonly gates: readonly Gate[]
  /** Do not rank sides whose guarantees differ, whatever the sources say. */
  readonly strict: boolean
}

/** A contest with what came of it. */
export interface JudgedContest extends Contest {
  /** Its place among the loads of the verdict; null where nobody is ranked, or where one trial each was run. */
  readonly loadIndex: number | null
  readonly verdict: LoadVerdict | null
  readonly rows: readonly FigureRow[]
  /** The verdict in words; empty where the report has words of its own (`SourceComparison.sections`). */
  readonly sections: readonly VerdictSection[]
}

/** Everything that any view of a comparison shows. */
export interface SourceComparison {
  readonly by: ComparedBy
  readonly sources: readonly Source[]
  readonly contests: readonly JudgedContest[]
  /** Over all contests; null where nothing was tested. */
  readonly verdict: HeadToHead | null
  /** What holds for all contests; of one experiment its report's own verdict. */
  readonly sections: readonly VerdictSection[]
  readonly headline: ComparisonHeadline
  readonly notes: readonly string[]
  readonly gates: readonly GateVerdict[]
  readonly exitCode: ExitCode
}

/**
 * Compares sources. One experiment gives the verdict of its own report; several give one family of tests over all their
 * contests. Pure. Throws `AppError('USAGE')` where nothing can be matched.
 */
export function compareSources(sources: readonly Source[], options: ComparisonOptions): SourceComparison {
  const strict = options.strict || sources.some((source) => source.strict)
  const { by, contests, notes } = makeContests(sources, options)
  const own = ownResult(sources, contests, strict)
  const verdict = own === null ? judged(contests, strict) : experimentVerdict(own)
  const places =
    own === null ? loadPlaces(contests) : contests.map((contest) => ownLoadPlace(contest, verdict))
  const gates = judgeGates(contests, options.gates, strict)
  const judgedContests = contests.map((contest, i): JudgedContest => {
    const loadIndex = places[i]!
    const load = loadIndex === null ? null : verdict!.loads[loadIndex]!
    const sections = own === null && load !== null ? sectionsOf(verdict!, load) : []
    return { ...contest, loadIndex, verdict: load, rows: figureRows(contest, load), sections }
  })
  return {
    by,
    sources,
    contests: judgedContests,
    verdict,
    headline: comparisonHeadline(by, judgedContests, gates, own),
    sections: own === null ? certainty(verdict) : headlineOf(own).headToHead,
    notes: [...notes, ...notesOf(sources, contests)],
    gates,
    exitCode: exitCodeOf(by, contests, gates),
  }
}

/** The experiment whose report says all there is to say, with the sides that were chosen; null where there is none. */
function ownResult(
  sources: readonly Source[],
  contests: readonly Contest[],
  strict: boolean,
): ExperimentResult | null {
  const result = sources.length === 1 ? sources[0]!.result : null
  if (result === null) return null
  const labels = new Set(contests.flatMap(({ sides }) => sides.map(({ label }) => label)))
  const sides = result.sides.filter(({ label }) => labels.has(label))
  if (sides.length === result.sides.length && strict === (result.strict ?? false)) return result
  return { ...result, sides, strict }
}

/** Contests whose loads differ are shown and not tested. */
function isRanked({ differences, sides }: Contest): boolean {
  return differences.length === 0 && sides.length > 1
}

/** One family of tests over all contests. Whether a rate was held is only told where the rate is known. */
function judged(contests: readonly Contest[], strict: boolean): HeadToHead | null {
  const ranked = contests.filter(isRanked)
  if (ranked.length === 0) return null
  const loads = ranked.map(
    ({ rateHz, sides }): Load => ({
      // As JSON it is null.
      rateHz: rateHz ?? Number.NaN,
      sides: sides.map(({ label, trials }) => ({ label, trials })),
      guarantees: guaranteesOf(sides),
    }),
  )
  const floorsUs = verdictFloors(
    ranked.flatMap(({ sides }) => sides.map(({ source }) => source.result?.floor)),
  )
  const verdict = judgeHeadToHead({ loads, strict, floorsUs })
  const isTold = (load: number, side: number) => ranked[load]!.sides[side]!.source.kind === 'bench'
  return {
    ...verdict,
    loads: verdict.loads.map((load, i) => ({ ...load, held: load.held.filter((_, j) => isTold(i, j)) })),
  }
}

/** In the order of the contests, as `judged` took them. */
function loadPlaces(contests: readonly Contest[]): (number | null)[] {
  let next = 0
  return contests.map((contest) => (isRanked(contest) ? next++ : null))
}

/** Where the report's verdict has the rate of a contest. */
function ownLoadPlace({ rateHz, sides }: Contest, verdict: HeadToHead | null): number | null {
  if (verdict === null || sides.length < 2) return null
  const place = verdict.loads.findIndex((load) => load.rateHz === rateHz)
  return place === -1 ? null : place
}

function sectionsOf(verdict: HeadToHead, load: LoadVerdict): readonly VerdictSection[] {
  return verdictSections({ ...verdict, loads: [load], sentences: [] })
}

function certainty(verdict: HeadToHead | null): readonly VerdictSection[] {
  if (verdict === null || verdict.sentences.length === 0) return []
  return [{ title: 'How sure this is', lines: verdict.sentences, fixedWidth: false }]
}

/**
 * Violated 8 (of another source than the baseline's; by side, of any), a limit that cannot be judged 9, one that is
 * exceeded 7; of several the gravest.
 */
function exitCodeOf(by: ComparedBy, contests: readonly Contest[], gates: readonly GateVerdict[]): ExitCode {
  const compared = contests.flatMap(({ sides }) => (by === 'source' ? sides.slice(1) : sides))
  const violated = compared.some(({ trials }) => trials.some(({ integrity }) => integrity === 'violated'))
  return gravest([
    ...(violated ? [EXIT.violated] : []),
    ...gates.map(({ outcome }) =>
      outcome === 'failed' ? EXIT.regression : outcome === 'not judged' ? EXIT.partial : EXIT.ok,
    ),
  ])
}
