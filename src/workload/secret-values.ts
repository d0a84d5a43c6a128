import type { DriverEntry } from '../drivers/registry.ts'
import type { Side } from './model.ts'
import { isSecretKey, MASK, namesSecretVariable, uriPasswords } from './secrets.ts'

/** Shorter values are words that a sentence may hold for another reason (`guest`). */
const MIN_LENGTH = 6

/**
 * Fields of events and results that hold what a broker, a library or a person wrote; all others are names, words of ours and
 * numbers, which must stay as they are even if somebody's password is one of them.
 */
const FREE_TEXT = new Set([
  'message',
  'hint',
  'line',
  'detail',
  'notes',
  'ignoredSettings',
  'settings',
  'measurementReasons',
  'integrityReasons',
  'contractBreaches',
  'failure',
  'error',
  'errors',
  'note',
  'partial',
  'interrupted',
  'command',
  'workloadSource',
  'drivers',
])

/** Masks the secrets of the driver files by their value, wherever a text repeats them. */
export interface SecretHider {
  text(text: string): string
  /** A copy of plain data with its free texts masked; the data itself where there is nothing to hide. */
  data<T>(value: T): T
}

/** Knows the secrets in the settings of these sides, and in the environment variables that they name. */
export function secretHider(
  sides: readonly Pick<Side, 'driver' | 'config'>[],
  registry: readonly DriverEntry[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecretHider {
  const found = new Set<string>()
  for (const { driver, config } of sides) {
    const secretPaths = new Set(registry.find(({ name }) => name === driver)?.secretKeys)
    collect(config, '', { secretPaths, environment, found }, false)
  }
  const forms = [...found].filter(({ length }) => length >= MIN_LENGTH).flatMap(formsOf)
  // The longest first: one secret may be a part of another.
  forms.sort((a, b) => b.length - a.length)
  const text = (given: string) => forms.reduce((masked, form) => masked.replaceAll(form, MASK), given)
  return { text, data: (value) => (forms.length === 0 ? value : hidden(value, text, false)) }
}

interface Collection {
  readonly secretPaths: ReadonlySet<string>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly found: Set<string>
}

function collect(value: unknown, path: string, into: Collection, isSecret: boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, into, isSecret)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const itemPath = path === '' ? key : `${path}.${key}`
      if (typeof item === 'string' && namesSecretVariable(key)) into.found.add(into.environment[item] ?? '')
      collect(item, itemPath, into, isSecret || into.secretPaths.has(itemPath) || isSecretKey(key))
    }
  } else if (isSecret && (typeof value === 'string' || typeof value === 'number')) {
    into.found.add(String(value))
  } else if (typeof value === 'string') {
    for (const password of uriPasswords(value)) into.found.add(password)
  }
}

/** As it is, in an address, in JSON and in base64. */
function formsOf(secret: string): string[] {
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret.toWellFormed()),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]),
  ]
}

function hidden<T>(value: T, text: (given: string) => string, isFree: boolean): T
function hidden(value: unknown, text: (given: string) => string, isFree: boolean): unknown {
  if (typeof value === 'string') return isFree ? text(value) : value
  if (Array.isArray(value)) return value.map((item) => hidden(item, text, isFree))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([key, item]) => [key, hidden(item, text, isFree || FREE_TEXT.has(key))] as const,
  )
  return Object.fromEntries(entries)
}
