import { AppError } from '../../errors/app-error.ts'
import { countText, plural } from '../../result/figures.ts'
import { THRESHOLDS } from '../../result/thresholds.ts'
import { median } from '../statistics/index.ts'
import type { FigureValues } from './figures.ts'
import type { ComparedTrial, WorkloadFacts } from './source.ts'

/** Problems of one file that are told at once. */
const MAX_PROBLEMS = 5

/** Figures of one run of the OpenMessaging Benchmark. */
export interface OmbRun {
  readonly workload: string
  readonly driver: string
  readonly facts: WorkloadFacts
  readonly trial: Omit<ComparedTrial, 'place'>
  /** What is doubtful about it. */
  readonly notes: readonly string[]
}

/** Our name of a latency that begins at the actual send, OMB's, µs per unit of OMB's figure, and whether it must be there. */
const LATENCIES = [
  { prefixes: ['publish', 'service'], field: 'aggregatedPublishLatency', unitUs: 1_000, required: true },
  { prefixes: ['e2e'], field: 'aggregatedEndToEndLatency', unitUs: 1_000, required: false },
  { prefixes: ['delay'], field: 'aggregatedPublishDelayLatency', unitUs: 1, required: false },
] as const

const QUANTILES = [
  ['p50', '50pct'],
  ['p95', '95pct'],
  ['p99', '99pct'],
  ['p999', '999pct'],
  ['max', 'Max'],
] as const

/** Java's Jackson writes numbers that JSON has no form for as text. */
const NO_NUMBER = new Set<unknown>(['NaN', 'Infinity', '-Infinity', null])

/** Whether a JSON value was meant as OMB's TestResult. */
export function looksLikeOmb(raw: unknown): raw is Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null || 'schemaVersion' in raw) return false
  return 'aggregatedPublishLatency99pct' in raw || 'publishRate' in raw
}

/**
 * Reads one of OMB's result files: ours, those of its forks, and published ones, of which older lack fields. Throws
 * `AppError('CONFIG')` naming `file` and each field that is missing or of the wrong type.
 */
export function parseOmbRun(raw: Readonly<Record<string, unknown>>, file: string): OmbRun {
  const problems: string[] = []
  const notes: string[] = []
  const fields = fieldReader(raw, problems, notes)
  const workload = fields.text('workload')
  const driver = fields.text('driver')
  const publishRates = fields.series('publishRate', true)
  const consumeRates = fields.series('consumeRate', false)
  const backlog = fields.series('backlog', false)
  const errors = fields.series('publishErrorRate', false)
  const values = {
    ...Object.assign({}, ...LATENCIES.map((latency) => latencyValues(fields, latency))),
    ...rateValues({ publish: publishRates, consume: consumeRates }),
  }
  const facts = {
    workload,
    'message size': factText(fields.number('messageSize', false), 'byte'),
    topics: factText(fields.number('topics', false)),
    'partitions of a topic': factText(fields.number('partitions', false)),
    'producers of a topic': factText(fields.number('producersPerTopic', false)),
    'consumers of a subscription': factText(fields.number('consumersPerTopic', false)),
  }
  if (problems.length > 0) throw brokenRun(problems, file)
  const reasons = whyNotHeld(publishRates, backlog)
  if (errors.some((rate) => rate > 0)) notes.push('some messages could not be published (publishErrorRate)')
  return {
    workload,
    driver,
    facts,
    // OMB does not tell the rate that was asked for, and checks no message.
    trial: {
      measurement: reasons.length === 0 ? 'valid' : 'saturated',
      integrity: 'unproven',
      figures: verdictFigures(values),
      rateHz: null,
      values,
    },
    notes: [...reasons, ...notes],
  }
}

interface Fields {
  text(name: string): string
  /** Not a number when it is not known. */
  number(name: string, required: boolean): number
  series(name: string, required: boolean): readonly number[]
}

function fieldReader(raw: Readonly<Record<string, unknown>>, problems: string[], notes: string[]): Fields {
  const expected = (what: string, name: string) =>
    problems.push(`${name}: expected ${what}, got ${JSON.stringify(raw[name])?.slice(0, 40) ?? 'nothing'}`)
  return {
    text: (name) => {
      const value = raw[name]
      if (typeof value === 'string' && value !== '') return value
      expected('a text', name)
      return ''
    },
    number: (name, required) => {
      const value = raw[name]
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
      if (value !== undefined && NO_NUMBER.has(value)) notes.push(`${name} is ${value}`)
      else if (value !== undefined || required) expected('a number from 0', name)
      return Number.NaN
    },
    series: (name, required) => {
      const value = raw[name]
      if (value === undefined && !required) return []
      if (!Array.isArray(value) || (required && value.length === 0)) {
        expected('a list of numbers', name)
        return []
      }
      const numbers = value.filter((each) => typeof each === 'number' && Number.isFinite(each))
      if (numbers.length < value.length)
        notes.push(`${name} has ${plural(value.length - numbers.length, 'element')} without a number`)
      return numbers
    },
  }
}

function latencyValues(
  fields: Fields,
  { prefixes, field, unitUs, required }: (typeof LATENCIES)[number],
): FigureValues {
  const found = QUANTILES.map(([key, suffix]) => ({
    key,
    value: fields.number(`${field}${suffix}`, required),
  }))
  // A histogram without a value gives 0 everywhere.
  if (!(found.at(-1)!.value > 0)) return {}
  return Object.fromEntries(
    found
      .filter(({ value }) => Number.isFinite(value * unitUs))
      .flatMap(({ key, value }) =>
        prefixes.map((prefix) => [`${prefix}.${key}`, { value: value * unitUs, atLeast: false }]),
      ),
  )
}

function rateValues(rates: Readonly<Record<'publish' | 'consume', readonly number[]>>): FigureValues {
  const means = Object.entries(rates).map(([name, series]) => {
    const mean = series.reduce((sum, rate) => sum + rate / series.length, 0)
    return [`rate.${name}`, { value: mean, atLeast: false }, series.length] as const
  })
  return Object.fromEntries(means.filter(([, , length]) => length > 0).map(([name, value]) => [name, value]))
}

/** OMB's own publish and end-to-end latency; they may only be ranked among results of OMB. */
function verdictFigures(values: FigureValues): ComparedTrial['figures'] {
  const publishP99 = values['publish.p99']
  const endToEndP99 = values['e2e.p99']
  return { ...(publishP99 && { publishP99 }), ...(endToEndP99 && { endToEndP99 }) }
}

/** The rate that was asked for is not in the file; that it was not held can still show. */
function whyNotHeld(rates: readonly number[], backlog: readonly number[]): string[] {
  const reasons: string[] = []
  const silent = rates.filter((rate) => rate === 0).length
  if (silent > 0) reasons.push(`nothing was published in ${silent} of ${plural(rates.length, 'window')}`)
  const rateHz = median(rates)
  const last = backlog.at(-1) ?? 0
  if (rateHz > 0 && last / rateHz > THRESHOLDS.heldBacklogS) {
    reasons.push(
      `the backlog was ${plural(last, 'message')} at the end: ${(last / rateHz).toFixed(1)} s of the rate`,
    )
  }
  return reasons
}

function factText(value: number, noun?: string): string | null {
  if (!Number.isFinite(value)) return null
  return noun === undefined ? countText(value) : plural(value, noun)
}

function brokenRun(problems: readonly string[], file: string): AppError {
  const shown = problems.slice(0, MAX_PROBLEMS).join('; ')
  const more = problems.length > MAX_PROBLEMS ? `; and ${problems.length - MAX_PROBLEMS} more` : ''
  return new AppError(
    'CONFIG',
    `expected a result of the OpenMessaging Benchmark in ${file}, got: ${shown}${more}`,
    { hint: 'the file is incomplete or was changed by hand; a whole one has the fields of its TestResult' },
  )
}
