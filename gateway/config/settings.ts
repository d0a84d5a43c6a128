import type { z } from 'zod'
import { AppError } from '../../src/errors/app-error.ts'
import type { WaterMarks } from '../queue/water-marks.ts'
import { VARIABLES, type VariableName } from './variables.ts'

type Parsed<Name extends VariableName> =
  | z.infer<(typeof VARIABLES)[Name]['schema']>
  | ((typeof VARIABLES)[Name]['default'] extends null ? null : never)

export type Environment = Readonly<Record<string, string | undefined>>

/** The values of all variables, checked, and what follows from them. */
export interface Settings {
  readonly values: { readonly [Name in VariableName]: Parsed<Name> }
  readonly waterMarks: WaterMarks
}

/** Prefixes that are ours: a variable that begins so and is not in the table is a typing error. */
const OWN_PREFIXES = ['GATEWAY_', 'OTLP_UPSTREAM_']

/**
 * Reads the gateway's settings from the environment; empty values count as unset.
 *
 * @throws AppError('CONFIG') naming every variable that is unknown or cannot be used.
 */
export function readSettings(environment: Environment): Settings {
  const problems = unknownVariables(environment)
  const values: Record<string, unknown> = {}
  for (const [name, { schema, default: fallback }] of Object.entries(VARIABLES)) {
    const given = environment[name]?.trim()
    const text = given === undefined || given === '' ? fallback : given
    if (text === null) {
      values[name] = null
      continue
    }
    const parsed = schema.safeParse(text)
    if (parsed.success) values[name] = parsed.data
    else problems.push(`${name}: ${parsed.error.issues[0]!.message}, got ${shown(name, text)}`)
  }
  if (problems.length > 0) throw configError(problems)
  return checked(values as unknown as Settings['values'])
}

function shown(name: string, text: string): string {
  const isSecret = 'secret' in VARIABLES[name as VariableName]
  return isSecret ? 'something else' : JSON.stringify(text.slice(0, 200))
}

function unknownVariables(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)) && !(name in VARIABLES))
    .map((name) => `${name}: expected a variable of the gateway, got one it does not know`)
}

function checked(values: Settings['values']): Settings {
  const capacity = values.GATEWAY_QUEUE_CAPACITY
  const waterMarks = {
    low: values.GATEWAY_BACKPRESSURE_LOW ?? Math.max(1, Math.floor(capacity * 0.5)),
    high: values.GATEWAY_BACKPRESSURE_HIGH ?? Math.max(1, Math.floor(capacity * 0.75)),
    critical: values.GATEWAY_BACKPRESSURE_CRITICAL ?? Math.max(1, Math.floor(capacity * 0.9)),
  }
  const regions = values.GATEWAY_SLAB_REGIONS
  const regionBytes = Math.floor(values.GATEWAY_SLAB_SIZE_BYTES / regions)
  const problems: string[] = []
  if (
    waterMarks.low > waterMarks.high ||
    waterMarks.high > waterMarks.critical ||
    waterMarks.critical > capacity
  )
    problems.push(
      `GATEWAY_BACKPRESSURE_LOW ≤ _HIGH ≤ _CRITICAL ≤ GATEWAY_QUEUE_CAPACITY expected, got ${waterMarks.low}, ${waterMarks.high}, ${waterMarks.critical}, ${capacity}`,
    )
  if ((regions & (regions - 1)) !== 0)
    problems.push(`GATEWAY_SLAB_REGIONS: expected a power of two, got ${regions}`)
  if (values.GATEWAY_MAX_BODY_BYTES > regionBytes)
    problems.push(
      `GATEWAY_MAX_BODY_BYTES: expected at most a region of the slab (${regionBytes} bytes), got ${values.GATEWAY_MAX_BODY_BYTES}`,
    )
  if (values.GATEWAY_MASKING_RULES !== '' && values.GATEWAY_MASKING_RULES_FILE !== null)
    problems.push('GATEWAY_MASKING_RULES, GATEWAY_MASKING_RULES_FILE: expected one of them, got both')
  if (problems.length > 0) throw configError(problems)
  return { values, waterMarks }
}

function configError(problems: readonly string[]): AppError {
  const list = problems.length === 1 ? problems[0]! : `\n  ${problems.join('\n  ')}`
  return new AppError('CONFIG', `in the gateway's environment: ${list}`, {
    hint: '`bench gateway serve --print-config` lists every variable with its meaning',
  })
}
