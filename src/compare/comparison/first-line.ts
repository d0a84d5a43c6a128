import type { ExperimentResult } from '../../result/result.ts'
import type { ComparedBy, Contest } from '../contests/contest.ts'
import type { GateVerdict } from '../gates/judge-gates.ts'
import { headlineOf } from '../headline.ts'
import type { Tone } from '../side-headline.ts'
import { list } from '../table.ts'
import type { LoadVerdict } from '../verdict/index.ts'

/** What must be known even if nothing else is read. */
export interface ComparisonHeadline {
  readonly tone: Tone
  readonly first: string
}

type Judged = Contest & { readonly verdict: LoadVerdict | null }

/** Alarms first; then what was shown, or `own`'s words, the report of the one experiment that is compared. Pure. */
export function comparisonHeadline(
  by: ComparedBy,
  contests: readonly Judged[],
  gates: readonly GateVerdict[],
  own: ExperimentResult | null,
): ComparisonHeadline {
  const report = own === null ? null : headlineOf(own)
  const failed = gates.filter(({ outcome }) => outcome === 'failed')
  const doubtful = gates.filter(({ outcome }) => outcome === 'not judged')
  const violated = own === null ? violatedSides(contests) : []
  const differing = contests.filter(({ differences }) => differences.length > 0)
  const parts = [
    ...told('REGRESSION', [...new Set(failed.map(({ side, figure }) => `${figure} of ${side}`))]),
    ...told('INTEGRITY VIOLATED', violated),
    ...told(
      'NOT RANKED, since the loads differ',
      differing.map(({ title }) => title),
    ),
    ...told(
      'CANNOT BE JUDGED',
      doubtful.map(({ gate, side }) => `${gate} of ${side}`),
    ),
    ...identicalSources(contests),
    ...(gates.length > 0 && failed.length + doubtful.length === 0 ? ['All limits kept'] : []),
  ]
  const alarming = failed.length > 0 || violated.length > 0
  const notice = doubtful.length > 0 || differing.length > 0
  return {
    tone:
      alarming || report?.tone === 'bad' ? 'bad' : notice || report?.tone === 'notice' ? 'notice' : 'good',
    first: [...parts.map((part) => `${part}.`), report?.first ?? shownLine(by, contests)]
      .filter((part) => part !== '')
      .join(' '),
  }
}

/** Named first: whoever compares a file with itself must not take "no difference" for a finding. */
function identicalSources(contests: readonly Judged[]): string[] {
  const pairs = contests.flatMap(({ sides: [first, ...others] }) =>
    others
      .filter(({ source }) => source !== first!.source && source.digest === first!.source.digest)
      .map(({ source }) => `${first!.source.name} and ${source.name} hold identical data`),
  )
  return [...new Set(pairs)]
}

function told(what: string, whom: readonly string[]): string[] {
  return whom.length === 0 ? [] : [`${what}: ${list(whom)}`]
}

function violatedSides(contests: readonly Judged[]): string[] {
  const labels = contests.flatMap(({ sides }) =>
    sides.flatMap(({ label, trials }) => {
      const count = trials.filter(({ integrity }) => integrity === 'violated').length
      return count === 0 ? [] : `${label} (${count} of ${trials.length} trials)`
    }),
  )
  return [...new Set(labels)]
}

function shownLine(by: ComparedBy, contests: readonly Judged[]): string {
  const sides = contests.flatMap((contest) => contest.sides)
  if (sides.length === 1) return `Only ${sides[0]!.label}: there is nothing to hold it against.`
  const lines = contests.flatMap((contest) => {
    if (contest.verdict === null) return []
    return by === 'source' ? changeOf(contest, contest.verdict) : winnersOf(contest.verdict)
  })
  return lines.length === 0 ? '' : `${lines.join('; ')}.`
}

function changeOf({ sides }: Judged, { figures }: LoadVerdict): string {
  const label = sides[1]!.label
  const pairs = figures.flatMap(({ title, pairs }) => pairs.map((pair) => ({ title, ...pair })))
  const shown = pairs.filter(({ outcome }) => outcome === 'shown')
  const better = shown.filter((pair) => pair.better === label).map(({ title }) => title)
  const worse = shown.filter((pair) => pair.better !== label).map(({ title }) => title)
  const words = [
    ...(better.length > 0 ? [`better in ${list(better)}`] : []),
    ...(worse.length > 0 ? [`worse in ${list(worse)}`] : []),
  ]
  if (words.length > 0) return `${label} is ${words.join(', ')}`
  if (pairs.length === 0) return `nothing could be tested between ${sides[0]!.label} and ${label}`
  const tooFew = pairs.every(({ outcome }) => outcome === 'too few')
  return `${label}: ${tooFew ? 'too few trials to show a difference' : 'no difference shown'}`
}

function winnersOf({ figures }: LoadVerdict): string[] {
  const won = figures.filter(({ winner }) => winner !== null)
  if (won.length > 0) return won.map(({ winner, title }) => `${winner} is best in ${title}`)
  const outcomes = figures.flatMap(({ pairs }) => pairs.map(({ outcome }) => outcome))
  if (outcomes.length > 0 && outcomes.every((outcome) => outcome === 'too few')) {
    return ['Too few trials to show a difference']
  }
  return ['Nobody was shown to be best in any figure']
}
