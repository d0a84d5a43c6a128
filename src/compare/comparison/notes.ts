import type { Contest } from '../contests/contest.ts'
import { environmentDifferences, uncheckedFacts } from '../contests/differences.ts'
import type { Source } from '../sources/index.ts'
import { list } from '../table.ts'

/** What a reader must know beside the figures: how sure it is that like is held against like. Pure. */
export function notesOf(sources: readonly Source[], contests: readonly Contest[]): string[] {
  const [first, ...others] = sources
  const kinds = new Set(sources.map(({ kind }) => kind))
  return [
    ...others.flatMap((other) => pairNotes(first!, other)),
    ...(others.length === 0 ? [] : [inTurns(sources)]),
    ...(kinds.has('omb') ? ombNotes(kinds.has('bench')) : []),
    ...sources.flatMap(({ name, partial }) =>
      partial === null ? [] : [`${name} is a partial result: ${partial}.`],
    ),
    ...new Set(contests.flatMap(({ sides }) => sides.flatMap(({ side }) => side.notes))),
  ]
}

function pairNotes(a: Source, b: Source): string[] {
  if (a.digest === b.digest) {
    return [
      `${a.name} and ${b.name} hold identical data: whatever is shown between them is the method's own doing.`,
    ]
  }
  const notes: string[] = []
  const unchecked = uncheckedFacts(a, b)
  if (unchecked.length > 0) {
    notes.push(
      `That ${a.name} and ${b.name} had the same load can only be checked in part; not told: ${list(unchecked)}.`,
    )
  }
  if (a.workload !== b.workload)
    notes.push(`Workloads are named ${a.workload} in ${a.name}, ${b.workload} in ${b.name}.`)
  const environment = environmentDifferences(a, b)
  if (environment.length > 0) {
    notes.push(`${a.name} and ${b.name} were measured in different environments: ${environment.join('; ')}.`)
  }
  return notes
}

/** Trials of one experiment are shuffled, so that whatever changes with time meets all sides; those of two are not. */
function inTurns(sources: readonly Source[]): string {
  const names = list(sources.map(({ name }) => name))
  return (
    `${names} were not measured in turns: whatever else changed between them counts as a difference; sides of one ` +
    'experiment (bench run … --repeat) are.'
  )
}

function ombNotes(mixed: boolean): string[] {
  const notes = [
    'The OpenMessaging Benchmark checks no message (integrity unproven) and tells neither the rate that was asked for nor ' +
      'what the sides guarantee.',
    'Its publish and end-to-end latencies count from the actual send: what messages waited before is only in the schedule delay.',
  ]
  if (mixed) {
    notes.push(
      'bench counts them from the instant at which a message was due, so they are not compared; service time is the same in both (test it with a limit on service.p99).',
    )
  }
  return notes
}
