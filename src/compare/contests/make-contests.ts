import { AppError } from '../../errors/app-error.ts'
import { nearest } from '../../errors/nearest.ts'
import { countText } from '../../result/figures.ts'
import type { ComparedTrial, Source, SourceSide } from '../sources/index.ts'
import { list } from '../table.ts'
import type { ComparedBy, Contest, ContestSide } from './contest.ts'
import { loadDifferences, settingDifferences } from './differences.ts'

export interface ContestChoice {
  /** Null = as the sources suggest. */
  readonly by: ComparedBy | null
  /** Labels of the sides to compare; empty = all. */
  readonly sides: readonly string[]
}

export interface Contests {
  readonly by: ComparedBy
  readonly contests: readonly Contest[]
  /** What could not be matched. */
  readonly notes: readonly string[]
}

/**
 * Decides who is held against whom. By source: each label of the first source against the same label of every other
 * one. By side: all sides with one another. Pure. Throws `AppError('USAGE')` for a label that is not there, and where
 * nothing can be matched.
 */
export function makeContests(sources: readonly Source[], { by, sides: labels }: ContestChoice): Contests {
  checkLabels(sources, labels)
  const chosen = sources.map((source) => ({
    source,
    sides: source.sides.filter(({ label }) => labels.length === 0 || labels.includes(label)),
  }))
  const decided = by ?? suggestion(chosen)
  if (decided === 'side') {
    const all = chosen.flatMap(({ source, sides }) => sides.map((side) => ({ source, side })))
    return { by: 'side', contests: sideContests(all, sources), notes: [] }
  }
  if (sources.length < 2) {
    throw new AppError('USAGE', 'expected two sources to compare by source, got one', {
      hint: 'bench compare A B; the sides of one experiment are compared with --by side',
    })
  }
  return { by: 'source', ...sourceContests(chosen) }
}

interface Chosen {
  readonly source: Source
  readonly sides: readonly SourceSide[]
}

function checkLabels(sources: readonly Source[], labels: readonly string[]): void {
  const known = [...new Set(sources.flatMap(({ sides }) => sides.map(({ label }) => label)))]
  const unknown = labels.find((label) => !known.includes(label))
  if (unknown === undefined) return
  const near = nearest(unknown, known)
  throw new AppError(
    'USAGE',
    `expected --side to be one of ${list(known) || 'none'}, got ${JSON.stringify(unknown)}`,
    { hint: near === null ? 'bench list shows the sides of experiments' : `did you mean: --side ${near}` },
  )
}

/** By source where a label is in the first and in another; else by side, if each source is one side. */
function suggestion([first, ...others]: readonly Chosen[]): ComparedBy {
  if (others.length === 0 || others.some((other) => common(first!, other).length > 0)) {
    return others.length === 0 ? 'side' : 'source'
  }
  if ([first!, ...others].every(({ sides }) => sides.length === 1)) return 'side'
  throw nothingInCommon(first!, others)
}

function common(first: Chosen, other: Chosen): readonly SourceSide[] {
  const labels = new Set(other.sides.map(({ label }) => label))
  return first.sides.filter(({ label }) => labels.has(label))
}

function nothingInCommon(first: Chosen, others: readonly Chosen[]): AppError {
  const sidesOf = ({ source, sides }: Chosen) =>
    `${list(sides.map(({ label }) => label)) || 'no side'} in ${source.name}`
  return new AppError(
    'USAGE',
    `expected a side of ${first.source.name} in another source, got ${list([first, ...others].map(sidesOf))}`,
    { hint: 'bench compare … --by side holds all sides against one another' },
  )
}

function sourceContests([first, ...others]: readonly Chosen[]): Pick<Contests, 'contests' | 'notes'> {
  const contests: Contest[] = []
  const notes: string[] = []
  for (const side of first!.sides) {
    for (const other of others) {
      const match = other.sides.find(({ label }) => label === side.label)
      if (match === undefined) notes.push(`${side.label} is not in ${other.source.name}: not compared.`)
      else {
        contests.push(...pairContests(first!.source, side, other.source, match))
        notes.push(...rateNotes(first!.source, side, other.source, match))
      }
    }
  }
  for (const { source, sides } of others) {
    for (const { label } of sides) {
      if (first!.sides.some((side) => side.label === label)) continue
      notes.push(`${label} of ${source.name} is not in ${first!.source.name}: not compared.`)
    }
  }
  if (contests.length === 0) throw nothingInCommon(first!, others)
  return { contests, notes }
}

/** One contest a rate that both were offered; all trials in one that is not ranked where there is none. */
function pairContests(a: Source, one: SourceSide, b: Source, other: SourceSide): Contest[] {
  const [rates, otherRates] = [ratesOf(one), ratesOf(other)]
  const shared = rates.filter((rate) => otherRates.includes(rate))
  const title = `${one.label}: ${b.name} against ${a.name}`
  const at = (keep: (trial: ComparedTrial) => boolean): ContestSide[] => [
    { label: `${one.label}@${a.name}`, source: a, side: one, trials: one.trials.filter(keep) },
    { label: `${other.label}@${b.name}`, source: b, side: other, trials: other.trials.filter(keep) },
  ]
  if (shared.length === 0)
    return [
      contestOf(
        title,
        null,
        at(() => true),
      ),
    ]
  const several = rates.length > 1 || otherRates.length > 1
  return shared.map((rateHz) => {
    const suffix = several && rateHz !== null ? ` at ${countText(rateHz)} msg/s` : ''
    return contestOf(
      `${title}${suffix}`,
      rateHz,
      at((trial) => trial.rateHz === rateHz),
    )
  })
}

/** Rates that only one of them was offered, where others are compared. */
function rateNotes(a: Source, one: SourceSide, b: Source, other: SourceSide): string[] {
  const [rates, otherRates] = [ratesOf(one), ratesOf(other)]
  if (!rates.some((rate) => otherRates.includes(rate))) return []
  const alone = (own: readonly (number | null)[], others: readonly (number | null)[], { name }: Source) =>
    own
      .filter((rate) => rate !== null && !others.includes(rate))
      .map((rate) => `${one.label} was offered ${countText(rate!)} msg/s in ${name} alone: not compared.`)
  return [...alone(rates, otherRates, a), ...alone(otherRates, rates, b)]
}

/** One contest a rate; a side takes part in those that it was offered. */
function sideContests(
  all: readonly { readonly source: Source; readonly side: SourceSide }[],
  sources: readonly Source[],
): Contest[] {
  const labels = all.map(({ side }) => side.label)
  const labelOf = (source: Source, { label }: SourceSide) =>
    labels.filter((each) => each === label).length > 1 ? `${label}@${source.name}` : label
  const rates = [...new Set(all.flatMap(({ side }) => ratesOf(side)))].sort(rising)
  const sameEverywhere = all.every(({ side }) => rates.every((rate) => ratesOf(side).includes(rate)))
  const title =
    sources.length === 1 ? sources[0]!.workload : `sides of ${list(sources.map(({ name }) => name))}`
  const at = (keep: (trial: ComparedTrial) => boolean) =>
    all.map(({ source, side }) => ({
      label: labelOf(source, side),
      source,
      side,
      trials: side.trials.filter(keep),
    }))
  if (rates.length < 2 || (sources.length > 1 && !sameEverywhere)) {
    return [
      contestOf(
        title,
        rates.length === 1 ? rates[0]! : null,
        at(() => true),
      ),
    ]
  }
  return rates.map((rateHz) =>
    contestOf(
      `${title} at ${rateHz === null ? 'an unknown rate' : `${countText(rateHz)} msg/s`}`,
      rateHz,
      at((trial) => trial.rateHz === rateHz),
    ),
  )
}

function ratesOf({ trials }: SourceSide): (number | null)[] {
  return [...new Set(trials.map(({ rateHz }) => rateHz))].sort(rising)
}

function rising(a: number | null, b: number | null): number {
  return (a ?? 0) - (b ?? 0)
}

function contestOf(title: string, rateHz: number | null, sides: readonly ContestSide[]): Contest {
  const kinds = new Set(sides.map(({ source }) => source.kind))
  const [baseline, ...others] = kinds.size > 1 ? sides.map(comparableOnly) : sides
  if (baseline === undefined) return { title, rateHz, sides: [], differences: [], settings: [] }
  const elsewhere = others.filter(({ source }) => source !== baseline.source)
  return {
    title,
    rateHz,
    sides: [baseline, ...others],
    differences: [...new Set(others.flatMap((other) => loadDifferences(baseline, other)))],
    settings: elsewhere
      .filter(({ side }) => side.label === baseline.side.label)
      .flatMap((other) => settingDifferences(baseline, other)),
  }
}

/**
 * OMB's publish and end-to-end latencies count from the actual send, ours from the instant at which a message was due:
 * they are not the same figures, so no verdict is given on them where both are in a contest, and OMB's are not shown.
 * Its publish latency is our service time, which stays.
 */
function comparableOnly(side: ContestSide): ContestSide {
  const isOmb = side.source.kind === 'omb'
  const keep = (name: string) => !isOmb || !/^(publish|e2e)\./.test(name)
  return {
    ...side,
    trials: side.trials.map((trial) => ({
      ...trial,
      figures: {},
      values: Object.fromEntries(Object.entries(trial.values).filter(([name]) => keep(name))),
    })),
  }
}
