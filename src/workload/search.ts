import { z } from 'zod'
import { UNBOUNDED_RATE_HZ } from './limits.ts'
import type { Problem } from './problem.ts'
import { isSlo, MAX_SLOS, parseSlo, parseSlos } from './slo.ts'
import type { Locator } from './validate.ts'

/** How the highest sustainable rate is searched for: pure data, as it goes into the result. */
export interface SearchOptions {
  /** Predicates that every step must meet, in the grammar of `slo.ts`; empty: holding the rate is enough. */
  readonly slos: readonly string[]
  /** Messages a second of the first step. */
  readonly startHz: number
  /** No step offers more. */
  readonly maxHz: number
  /** The search is narrow enough when the lowest rate refused is above the highest one held by at most this share. */
  readonly precision: number
  /** Further steps at the rate found, all of which must hold. */
  readonly confirmations: number
  /** Measured time of a step, and the time before it in which the same load settles. */
  readonly stepS: number
  readonly settleS: number
  /** Longest time in which what is under way at the end of a step must arrive. */
  readonly drainS: number
  /** Bounds of the whole search on one side. */
  readonly maxSteps: number
  readonly maxS: number
}

/** What a search does where nobody says otherwise. */
export const SEARCH_DEFAULTS = {
  slos: [],
  startHz: 1_000,
  maxHz: UNBOUNDED_RATE_HZ - 1,
  precision: 0.02,
  confirmations: 2,
  stepS: 10,
  settleS: 5,
  drainS: 10,
  maxSteps: 40,
  maxS: 3_600,
} as const satisfies SearchOptions

/** Bounds of what may be asked for. */
export const SEARCH_LIMITS = {
  minPrecision: 0.001,
  maxPrecision: 0.5,
  maxConfirmations: 10,
  minStepS: 2,
  maxStepS: 3_600,
  maxDrainS: 300,
  maxSteps: 200,
  maxMinutes: 24 * 60,
} as const

const rate = () =>
  z
    .int()
    .min(1)
    .max(UNBOUNDED_RATE_HZ - 1)
const seconds = (least: number) => z.int().min(least).max(SEARCH_LIMITS.maxStepS)

/** `search:` as a person writes it. */
export const searchSchema = z.strictObject({
  slo: z
    .array(z.string().min(1))
    .max(MAX_SLOS)
    .optional()
    .describe('Predicates that every step must meet, for example publish.p99 < 20ms.'),
  startRate: rate().optional().describe(`First rate; default: ${SEARCH_DEFAULTS.startHz}.`),
  maxRate: rate().optional().describe('No step offers more.'),
  precision: z
    .number()
    .min(SEARCH_LIMITS.minPrecision)
    .max(SEARCH_LIMITS.maxPrecision)
    .optional()
    .describe(
      `How far apart the rate found and the lowest rate refused may be; default: ${SEARCH_DEFAULTS.precision} (2 %).`,
    ),
  stepSeconds: seconds(SEARCH_LIMITS.minStepS)
    .optional()
    .describe(`Measured time of each step; default: ${SEARCH_DEFAULTS.stepS}.`),
  settleSeconds: seconds(0)
    .optional()
    .describe(`Warm-up of each step, at its rate; default: ${SEARCH_DEFAULTS.settleS}.`),
  drainSeconds: z
    .int()
    .min(1)
    .max(SEARCH_LIMITS.maxDrainS)
    .optional()
    .describe(`A step must be drained within this time; default: ${SEARCH_DEFAULTS.drainS}.`),
  confirmations: z
    .int()
    .min(0)
    .max(SEARCH_LIMITS.maxConfirmations)
    .optional()
    .describe(`Further steps that must hold at the rate found; default: ${SEARCH_DEFAULTS.confirmations}.`),
  maxSteps: z
    .int()
    .min(1)
    .max(SEARCH_LIMITS.maxSteps)
    .optional()
    .describe(`Steps after which the search on a side ends; default: ${SEARCH_DEFAULTS.maxSteps}.`),
  maxMinutes: z
    .int()
    .min(1)
    .max(SEARCH_LIMITS.maxMinutes)
    .optional()
    .describe(`Minutes after which the search on a side ends; default: ${SEARCH_DEFAULTS.maxS / 60}.`),
})

export type SearchFields = z.infer<typeof searchSchema>

/** The search that the fields ask for, defaults filled in; predicates that cannot be read are among the problems. */
export function searchOf(
  fields: SearchFields,
  locator: Locator,
): { readonly search: SearchOptions; readonly problems: readonly Problem[] } {
  const { slos, problems } = parseSlos(fields.slo ?? [], ['search', 'slo'], locator)
  const defaults = SEARCH_DEFAULTS
  const maxHz = fields.maxRate ?? defaults.maxHz
  const startHz = fields.startRate ?? Math.min(defaults.startHz, maxHz)
  const search: SearchOptions = {
    slos: slos.map(({ text }) => text),
    startHz,
    maxHz,
    precision: fields.precision ?? defaults.precision,
    confirmations: fields.confirmations ?? defaults.confirmations,
    stepS: fields.stepSeconds ?? defaults.stepS,
    settleS: fields.settleSeconds ?? defaults.settleS,
    drainS: fields.drainSeconds ?? defaults.drainS,
    maxSteps: fields.maxSteps ?? defaults.maxSteps,
    maxS: fields.maxMinutes === undefined ? defaults.maxS : fields.maxMinutes * 60,
  }
  if (startHz <= maxHz) return { search, problems }
  const what = `expected startRate of at most maxRate, got ${startHz} and ${maxHz}`
  return { search, problems: [...problems, { where: locator.whereIs(['search', 'startRate']), what }] }
}

/** Predicates of `--search`, separated by commas; a sentence where one cannot be read. */
export function parseSearchFlag(text: string): readonly string[] | string {
  const slos: string[] = []
  for (const part of text.split(',').map((word) => word.trim())) {
    const slo = parseSlo(part)
    if (!isSlo(slo)) return `character ${slo.character} of ${JSON.stringify(part)}: ${slo.what} (${slo.hint})`
    slos.push(slo.text)
  }
  return slos.length <= MAX_SLOS ? slos : `expected at most ${MAX_SLOS} predicates, got ${slos.length}`
}
