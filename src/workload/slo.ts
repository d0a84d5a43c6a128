import { nearest } from '../errors/nearest.ts'
import type { Problem } from './problem.ts'
import type { Locator } from './validate.ts'

/** Predicates of one list. */
export const MAX_SLOS = 20
const MAX_SLO_LENGTH = 200

/** Latencies that may be bounded: the ones that a user of the system feels, and what they are made of. */
export const SLO_LATENCIES = ['publish', 'endToEnd', 'service', 'scheduleDelay'] as const
/** Messages of measure, or the whole trial's for what the audit counts. */
export const SLO_COUNTS = ['errors', 'lost', 'duplicates', 'outOfOrder', 'backlog'] as const
/** Messages a second of measure. */
export const SLO_RATES = ['publishRate', 'consumeRate'] as const

/** What a predicate looks at. */
export type SloFigure =
  /** `parts` of 10,000: 9,900 is p99, 10,000 the largest; `mean` has none. */
  | {
      readonly kind: 'latency'
      readonly latency: (typeof SLO_LATENCIES)[number]
      readonly parts: number | 'mean'
    }
  | { readonly kind: 'count'; readonly count: (typeof SLO_COUNTS)[number] }
  | { readonly kind: 'rate'; readonly rate: (typeof SLO_RATES)[number] }

export type SloOperator = '<' | '<=' | '>' | '>=' | '=='

/** In what the limit counts: µs, messages, a share (0 … 1) of what was offered, messages a second, seconds of the rate. */
export type SloUnit = 'us' | 'messages' | 'share' | 'hz' | 'rateSeconds'

/** One service-level objective of a trial: `publish.p99 < 20ms`. */
export interface Slo {
  /** As written, with one space around the operator. */
  readonly text: string
  readonly figure: SloFigure
  readonly operator: SloOperator
  readonly limit: number
  readonly unit: SloUnit
}

/** Where the text left the grammar. */
export interface SloFault {
  /** Counted from 1. */
  readonly character: number
  /** `expected …, got …`. */
  readonly what: string
  readonly hint: string
}

const FORMS = "for example 'publish.p99 < 20ms', 'endToEnd.p99.9 <= 1s', 'errors == 0', 'publishRate >= 0.99'"
const TIME_UNITS: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1_000, s: 1_000_000 }
const NAMES = [...SLO_LATENCIES, ...SLO_COUNTS, ...SLO_RATES] as readonly string[]

/** Reads one predicate; of a text that is none it says where it left the grammar and what may stand there. Pure. */
export function parseSlo(text: string): Slo | SloFault {
  let offset = 0
  const skip = () => {
    offset += /^\s*/.exec(text.slice(offset))![0].length
  }
  const take = (pattern: RegExp): string => {
    skip()
    const found = pattern.exec(text.slice(offset))?.[0] ?? ''
    offset += found.length
    return found
  }
  const fault = (expected: string, taken = '', hint = FORMS): SloFault => {
    const at = offset - taken.length
    const rest = text.slice(at, at + 40)
    return {
      character: at + 1,
      what: `expected ${expected}, got ${rest === '' ? 'the end' : JSON.stringify(rest)}`,
      hint,
    }
  }
  if (text.length > MAX_SLO_LENGTH) {
    return { character: MAX_SLO_LENGTH + 1, what: 'expected a shorter predicate, got more', hint: FORMS }
  }
  const name = take(/^[A-Za-z]+/)
  const near = nearest(name, NAMES)
  if (!NAMES.includes(name)) {
    return fault(`one of ${NAMES.join(', ')}`, name, near === null ? FORMS : `did you mean ${near}?`)
  }
  const statistic = take(/^\.[A-Za-z]*[\d.]*/)
  const figure = figureOf(name, statistic)
  if (figure === null) {
    return isLatency(name)
      ? fault('.p0 … .p99.99, .max or .mean', statistic, `write ${name}.p99`)
      : fault(`an operator after ${name}`, statistic)
  }
  const operator = take(/^(?:<=|>=|==|<|>)/) as SloOperator | ''
  if (operator === '') return fault('<, <=, >, >= or ==')
  const digits = take(/^(?:\d+(?:\.\d+)?|\.\d+)(?:e\d+)?/)
  if (digits === '' || !Number.isFinite(Number(digits))) return fault('a number', digits)
  const unit = take(/^[^\s\d]+/)
  const limit = limitOf(figure, Number(digits), unit)
  if (typeof limit === 'string') return fault(limit, unit)
  const more = take(/^[\s\S]+/)
  if (more !== '') return fault('the end', more)
  return { text: `${name}${statistic} ${operator} ${digits}${unit}`, figure, operator, ...limit }
}

export function isSlo(parsed: Slo | SloFault): parsed is Slo {
  return 'operator' in parsed
}

function isLatency(name: string): name is (typeof SLO_LATENCIES)[number] {
  return (SLO_LATENCIES as readonly string[]).includes(name)
}

function figureOf(name: string, statistic: string): SloFigure | null {
  if (!isLatency(name)) {
    if (statistic !== '') return null
    const isCount = (SLO_COUNTS as readonly string[]).includes(name)
    return isCount
      ? { kind: 'count', count: name as (typeof SLO_COUNTS)[number] }
      : { kind: 'rate', rate: name as (typeof SLO_RATES)[number] }
  }
  if (statistic === '.max') return { kind: 'latency', latency: name, parts: 10_000 }
  if (statistic === '.mean') return { kind: 'latency', latency: name, parts: 'mean' }
  const percent = /^\.p(\d{1,3}(?:\.\d{1,2})?)$/.exec(statistic)?.[1]
  if (percent === undefined || Number(percent) > 100) return null
  return { kind: 'latency', latency: name, parts: Math.round(Number(percent) * 100) }
}

/** The limit in its own unit, or what was expected in the place of the unit. */
function limitOf(figure: SloFigure, value: number, unit: string): Pick<Slo, 'limit' | 'unit'> | string {
  const time = TIME_UNITS[unit]
  if (figure.kind === 'latency')
    return time === undefined ? 'a unit: us, ms or s' : { limit: value * time, unit: 'us' }
  if (unit === '%') return { limit: value / 100, unit: 'share' }
  if (figure.kind === 'rate') {
    if (unit === '/s' || unit === 'msg/s') return { limit: value, unit: 'hz' }
    if (unit === '' && value <= 1) return { limit: value, unit: 'share' }
    return 'a share of the rate offered (0 … 1, or %), or messages a second (/s)'
  }
  if (unit === '') return { limit: value, unit: 'messages' }
  const isBacklog = figure.count === 'backlog'
  if (isBacklog && time !== undefined) return { limit: (value * time) / 1e6, unit: 'rateSeconds' }
  return isBacklog ? 'messages (no unit), % or seconds of the rate (s)' : 'messages (no unit) or %'
}

/** Reads a list of predicates that stands at `path` in a file; problems name the place and the character. */
export function parseSlos(
  texts: readonly string[],
  path: readonly PropertyKey[],
  locator: Pick<Locator, 'whereIs'>,
): { readonly slos: readonly Slo[]; readonly problems: readonly Problem[] } {
  const slos: Slo[] = []
  const problems: Problem[] = []
  texts.forEach((text, index) => {
    const parsed = parseSlo(text)
    if (isSlo(parsed)) {
      slos.push(parsed)
      return
    }
    const what = `character ${parsed.character} of ${JSON.stringify(text.slice(0, MAX_SLO_LENGTH))}: ${parsed.what}`
    problems.push({ where: locator.whereIs([...path, index]), what, hint: parsed.hint })
  })
  return { slos, problems }
}
