import { availableParallelism } from 'node:os'
import { MAX_TRIALS_PER_SIDE } from '../compare/statistics/index.ts'
import type { DriverEntry } from '../drivers/registry.ts'
import { AppError } from '../errors/app-error.ts'
import { parseDuration } from './duration.ts'
import { MAX_DURATION_S, MAX_RATES, MAX_WORKERS, UNBOUNDED_RATE_HZ } from './limits.ts'
import type { Plan } from './model.ts'
import { parseRates } from './rates.ts'
import { parseSearchFlag } from './search.ts'
import type { WorkloadFile } from './workload-file.ts'

const DEFAULT_SEED = 1
const MAX_SEED = 0xffff_ffff

/** Options of the command line as they come from the argument parser, which turns `10` and `1e3` into numbers. */
export interface PlanFlags {
  readonly drivers?: unknown
  readonly duration?: unknown
  readonly warmup?: unknown
  readonly rate?: unknown
  readonly rates?: unknown
  readonly workers?: unknown
  readonly topology?: unknown
  readonly repeat?: unknown
  readonly strict?: unknown
  readonly seed?: unknown
  readonly lenient?: unknown
  readonly metrics?: unknown
  readonly search?: unknown
}

export interface PlanOptions extends PlanFlags {
  readonly workloadFile: string
  /** What was read already, of which `workloadFile` holds a part; default: that file is read. */
  readonly workload?: WorkloadFile
  /** Default: every driver there is. */
  readonly registry?: readonly DriverEntry[]
  /** Cores of this machine, for the default number of workers. */
  readonly cores?: number
}

/** The options after parsing; null = not given. */
export interface ParsedFlags {
  /** Comma-separated sides. */
  readonly drivers: string | null
  readonly durationS: number | null
  readonly warmupS: number | null
  /** `--warmup auto`: until the load has settled. */
  readonly autoWarmup: boolean
  /** Rates in the place of the workload's, of `--rate` or `--rates`. */
  readonly ratesHz: readonly number[] | null
  readonly workers: number | null
  readonly topology: Plan['topology']
  /** Trials of each side, at each rate; `auto`: as many as a verdict needs. */
  readonly repeat: number | 'auto' | null
  readonly seed: number
  readonly strict: boolean
  readonly lenient: boolean
  readonly cores: number
  /** Path of a module of custom figures. */
  readonly metrics: string | null
  /** Search the rate, and the predicates that it must meet; null = those of the workload. */
  readonly search: { readonly slos: readonly string[] | null } | null
}

/** Throws `AppError('USAGE')` naming the option. */
export function parseFlags(options: PlanOptions): ParsedFlags {
  return {
    drivers: sidesFlag(options.drivers),
    durationS: durationFlag('--duration', options.duration, false),
    warmupS: options.warmup === 'auto' ? null : durationFlag('--warmup', options.warmup, true),
    autoWarmup: options.warmup === 'auto',
    ratesHz: ratesFlags(options),
    workers: wholeFlag('--workers', options.workers, MAX_WORKERS, 'producer processes'),
    topology: topologyFlag(options.topology),
    repeat: repeatFlag(options.repeat),
    seed: seedFlag(options.seed),
    strict: options.strict === true,
    lenient: options.lenient === true,
    cores: options.cores ?? availableParallelism(),
    metrics: fileFlag('--metrics', options.metrics),
    search: searchFlag(options),
  }
}

function usage(flag: string, expected: string, got: unknown, hint?: string): AppError {
  const text =
    typeof got === 'string' ? JSON.stringify(got) : Array.isArray(got) ? 'it more than once' : String(got)
  return new AppError(
    'USAGE',
    `${flag}: expected ${expected}, got ${text}`,
    hint === undefined ? {} : { hint },
  )
}

function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

function sidesFlag(value: unknown): string | null {
  if (isMissing(value)) return null
  const given: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (given.length === 0 || given.some((text) => typeof text !== 'string' || text.trim() === '')) {
    throw usage(
      '--drivers',
      'names separated by commas',
      given.find((text) => typeof text !== 'string') ?? '',
    )
  }
  return given.join(',')
}

function fileFlag(flag: string, value: unknown): string | null {
  if (isMissing(value)) return null
  if (typeof value === 'string' && value !== '') return value
  throw usage(flag, 'the path of a file', value)
}

function durationFlag(flag: string, value: unknown, zeroIsFine: boolean): number | null {
  if (isMissing(value)) return null
  const seconds =
    zeroIsFine && (value === 0 || value === '0') ? 0 : typeof value === 'string' ? parseDuration(value) : null
  if (seconds === null || seconds > MAX_DURATION_S || (seconds <= 0 && !zeroIsFine)) {
    throw usage(flag, `a duration such as 10s, 2m or 1h30m, at most ${MAX_DURATION_S}s`, value)
  }
  return seconds
}

function wholeFlag(flag: string, value: unknown, most: number, what: string, or = ''): number | null {
  if (isMissing(value)) return null
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > most) {
    throw usage(flag, `${or}a whole number of ${what} from 1 to ${most}`, value)
  }
  return number
}

function ratesFlags({ rate, rates }: PlanFlags): readonly number[] | null {
  const one = wholeFlag('--rate', rate, UNBOUNDED_RATE_HZ - 1, 'messages a second')
  if (isMissing(rates)) return one === null ? null : [one]
  if (one !== null) {
    throw new AppError('USAGE', 'expected --rate or --rates, got both', { hint: 'remove one of them' })
  }
  const text = typeof rates === 'number' ? String(rates) : rates
  const parsed = typeof text === 'string' ? parseRates(text) : null
  if (parsed !== null) return parsed
  const most = UNBOUNDED_RATE_HZ - 1
  const expected = `1 to ${MAX_RATES} different whole numbers of messages a second from 1 to ${most}, separated by commas`
  throw usage('--rates', expected, rates, '--rates 5000,10000')
}

function searchFlag({ search, rate, rates, repeat }: PlanFlags): ParsedFlags['search'] {
  if (isMissing(search) || search === false) return null
  for (const [flag, value] of [
    ['--rate', rate],
    ['--rates', rates],
    ['--repeat', repeat],
  ] as const) {
    if (isMissing(value)) continue
    throw new AppError('USAGE', `expected --search or ${flag}, got both`, { hint: 'remove one of them' })
  }
  if (search === true || search === 'true') return { slos: null }
  const slos =
    typeof search === 'string' ? parseSearchFlag(search) : 'expected predicates, got something else'
  if (typeof slos !== 'string') return { slos }
  throw new AppError('USAGE', `--search: ${slos}`, { hint: "--search 'publish.p99 < 20ms, errors == 0'" })
}

function repeatFlag(value: unknown): number | 'auto' | null {
  if (value === 'auto') return value
  return wholeFlag('--repeat', value, MAX_TRIALS_PER_SIDE, 'trials of each side', 'auto or ')
}

function seedFlag(value: unknown): number {
  if (isMissing(value)) return DEFAULT_SEED
  const seed = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof seed === 'number' && Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED) return seed
  throw usage('--seed', `a whole number from 0 to ${MAX_SEED}`, value)
}

function topologyFlag(value: unknown): Plan['topology'] {
  if (isMissing(value)) return 'single'
  if (value === 'single' || value === 'cluster') return value
  throw usage('--topology', 'single or cluster', value)
}
