import { countText } from '../../result/figures.ts'
import { settingsTable } from '../settings.ts'
import type { Source } from '../sources/index.ts'
import { median } from '../statistics/index.ts'
import { list } from '../table.ts'
import type { ContestSide } from './contest.ts'

/** Results of OMB do not tell the rate that was asked for; published rates further apart than this were not the same. */
const PUBLISHED_RATE_TOLERANCE = 0.05

/** Settings named of one pair; the rest is counted. */
const MAX_SETTINGS = 12

/** Settings that tell where a system was met, not how it was set. */
const PLACES = new Set(['addresses'])

/** In what the loads of two sides differ: reasons not to rank them. Pure. */
export function loadDifferences(first: ContestSide, second: ContestSide): string[] {
  const [a, b] = [first.source, second.source]
  const facts = Object.keys(a.facts).flatMap((fact) => {
    const [one, other] = [a.facts[fact] ?? null, b.facts[fact] ?? null]
    return one === null || other === null || one === other
      ? []
      : [against(fact, one, `in ${a.name}`, other, `in ${b.name}`)]
  })
  return [...facts, ...rateDifferences(first, second)]
}

function rateDifferences(first: ContestSide, second: ContestSide): string[] {
  const [one, other] = [offered(first), offered(second)]
  const [here, there] = places(first, second)
  if (one !== null && other !== null) {
    return one === other ? [] : [against('rate', one, here, other, there)]
  }
  if (first.source.kind !== 'omb' || second.source.kind !== 'omb') return []
  const [published, otherPublished] = [publishedHz(first), publishedHz(second)]
  if (published === null || otherPublished === null) return []
  const apart = Math.abs(published - otherPublished) / Math.max(published, otherPublished)
  if (!(apart > PUBLISHED_RATE_TOLERANCE)) return []
  const rate = (hz: number) => `${countText(hz)} msg/s`
  return [against('published rate', rate(published), here, rate(otherPublished), there)]
}

function offered({ trials }: ContestSide): string | null {
  const rates = [...new Set(trials.map(({ rateHz }) => rateHz))]
  if (rates.length === 0 || rates.includes(null)) return null
  return `${list(rates.map((rate) => countText(rate!)))} msg/s`
}

function publishedHz({ trials }: ContestSide): number | null {
  const rates = trials.flatMap(({ values }) => values['rate.publish']?.value ?? [])
  return rates.length === 0 ? null : median(rates)
}

/** What not both of two sources tell, so that it may differ. Pure. */
export function uncheckedFacts(a: Source, b: Source): string[] {
  const names = new Set([...Object.keys(a.facts), ...Object.keys(b.facts)])
  const unchecked = [...names].filter((fact) => {
    const known = [a, b].filter(({ facts }) => (facts[fact] ?? null) !== null)
    return known.length < 2 && fact !== 'workload'
  })
  if (a.kind === 'omb' || b.kind === 'omb') unchecked.unshift('rate')
  return unchecked
}

/** Machines and programs that measured, where they differ. Pure. */
export function environmentDifferences(a: Source, b: Source): string[] {
  return Object.keys(a.environment).flatMap((name) => {
    const [one, other] = [a.environment[name], b.environment[name]]
    return one === undefined || other === undefined || one === other
      ? []
      : [against(name, one, `in ${a.name}`, other, `in ${b.name}`)]
  })
}

/** Versions and settings of a system, where they differ: what a change of figures may come from. Pure. */
export function settingDifferences(first: ContestSide, second: ContestSide): string[] {
  const [one, other] = [first.side.measured, second.side.measured]
  const workload = first.source.result?.workload
  if (one === null || other === null || workload === undefined) return []
  const differing = settingsTable({ sides: [one, other], workload })
    .filter(({ title }) => title !== 'Guarantees')
    .flatMap(({ rows }) => rows)
    .filter(({ name, values: [a, b] }) => a !== b && !PLACES.has(name))
    .map(({ name, values: [a, b] }) => `${name}: ${a ?? 'not set'} → ${b ?? 'not set'}`)
  if (differing.length <= MAX_SETTINGS) return differing
  return [...differing.slice(0, MAX_SETTINGS), `and ${differing.length - MAX_SETTINGS} more settings`]
}

/** Sides of one source are told apart by their labels. */
function places(first: ContestSide, second: ContestSide): readonly [string, string] {
  if (first.source === second.source) return [`of ${first.label}`, `of ${second.label}`]
  return [`in ${first.source.name}`, `in ${second.source.name}`]
}

function against(what: string, one: string, here: string, other: string, there: string): string {
  return `${what}: ${one} ${here}, ${other} ${there}`
}
