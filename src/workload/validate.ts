import type { ZodType, z } from 'zod'
import { MAX_PROBLEMS } from './limits.ts'
import { configError, didYouMean, type Problem } from './problem.ts'
import { expectedText, hintText, type JsonSchema, jsonSchemaOf, knownKeys, schemaAt } from './schema-text.ts'
import { isSecretKey, maskText } from './secrets.ts'
import type { Path } from './yaml-source.ts'

/** Where a value was written. */
export interface Locator {
  whereIs(path: Path): string
  whereIsKey(path: Path, key: string): string
}

export interface Validated<T> {
  readonly value: T
  /** What the lenient switch passed over, as sentences with their place. */
  readonly ignored: readonly string[]
}

export interface ValidateOptions {
  /** Pass over unknown keys and unknown enum values, and list them. */
  readonly lenient?: boolean
  /** The schema that messages tell of, when it is narrower than the one that reads. */
  readonly textSchema?: ZodType
  /** Keys of the same map that were taken out before, for `did you mean`. */
  readonly extraKeys?: readonly string[]
  /** Dotted paths whose values never appear in a message. */
  readonly secretPaths?: readonly string[]
}

type Issue = z.core.$ZodIssue

/** Rounds of leaving out what the lenient switch allows: a removal may uncover another. */
const MAX_LENIENT_ROUNDS = 10

/** Checks data read from a file. Throws `AppError('CONFIG')` with every problem, each at its place. */
export function validate<T>(
  schema: ZodType<T>,
  data: Readonly<Record<string, unknown>>,
  locator: Locator,
  options: ValidateOptions = {},
): Validated<T> {
  const checked = check(schema, data, locator, options)
  if ('problems' in checked) throw configError(checked.problems)
  return checked
}

/** As `validate`, with the problems returned rather than thrown. */
export function check<T>(
  schema: ZodType<T>,
  data: Readonly<Record<string, unknown>>,
  locator: Locator,
  options: ValidateOptions = {},
): Validated<T> | { readonly problems: readonly Problem[] } {
  const ignored: string[] = []
  let input: unknown = data
  for (let round = 0; ; round++) {
    const parsed = schema.safeParse(input)
    if (parsed.success) return { value: parsed.data, ignored }
    const { issues } = parsed.error
    const forgivable = options.lenient === true && round < MAX_LENIENT_ROUNDS
    const forgiven = forgivable ? issues.filter((issue) => isForgivable(issue, input)) : []
    if (forgiven.length === 0) {
      const json = jsonSchemaOf(options.textSchema ?? schema)
      return { problems: issues.flatMap((issue) => problemsOf(issue, input, json, locator, options)) }
    }
    for (const issue of forgiven) {
      ignored.push(...ignoredTexts(issue, input, locator))
      input = without(input, issue)
    }
  }
}

/** A key too many, or a word that is none of the known ones where there is a default to fall back on. */
function isForgivable(issue: Issue, input: unknown): boolean {
  if (issue.code === 'unrecognized_keys') return true
  return issue.code === 'invalid_value' && typeof valueAt(input, issue.path) === 'string'
}

function ignoredTexts(issue: Issue, input: unknown, locator: Locator): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${locator.whereIsKey(issue.path, key)}: unknown key ${key}`)
  }
  return [
    `${locator.whereIs(issue.path)}: unknown value ${shown(valueAt(input, issue.path))} of ${nameOf(issue.path)}`,
  ]
}

function without(input: unknown, issue: Issue): unknown {
  const copy = structuredClone(input)
  const isKeys = issue.code === 'unrecognized_keys'
  const holder = valueAt(copy, isKeys ? issue.path : issue.path.slice(0, -1))
  for (const key of isKeys ? issue.keys : [String(issue.path.at(-1))]) {
    delete (holder as Record<string, unknown>)[key]
  }
  return copy
}

function problemsOf(
  issue: Issue,
  input: unknown,
  json: JsonSchema,
  locator: Locator,
  options: ValidateOptions,
): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const schema = schemaAt(json, issue.path)
    const extra = issue.path.length === 0 ? (options.extraKeys ?? []) : []
    const known = [...(schema === undefined ? [] : knownKeys(schema)), ...extra]
    return issue.keys.map((key, index) => ({
      where: locator.whereIsKey(issue.path, key),
      what: `expected a known key, got ${shown(key)}`,
      ...(known.length === 0 || index >= MAX_PROBLEMS ? {} : { hint: didYouMean(key, known) }),
    }))
  }
  const value = valueAt(input, issue.path)
  const schema = schemaAt(json, issue.path)
  const secret = isSecretPath(issue.path, options.secretPaths ?? [])
  const hint = hintText(schema)
  return [
    {
      where: locator.whereIs(value === undefined ? issue.path.slice(0, -1) : issue.path),
      what: sentence(issue, schema, value, secret),
      ...(hint === undefined || issue.code === 'custom' ? {} : { hint }),
    },
  ]
}

function sentence(issue: Issue, schema: JsonSchema | undefined, value: unknown, secret: boolean): string {
  const name = nameOf(issue.path)
  const got = value === undefined ? 'nothing' : secret ? 'another value' : shown(value)
  if (issue.code === 'custom') {
    const message = `${name === '' ? '' : `${name}: `}${issue.message}`
    return message.includes(', got') || typeof value === 'object' ? message : `${message}, got ${got}`
  }
  const ownWords =
    issue.code === 'invalid_format' && !issue.message.startsWith('Invalid') ? issue.message : undefined
  const expected = ownWords ?? (schema && expectedText(schema)) ?? issue.message.toLowerCase()
  return `expected ${name === '' ? expected : `${name} to be ${expected}`}, got ${got}`
}

function nameOf(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${wordOf(part)}`))
    .join('')
    .replace(/^\./, '')
}

/** A key of an open map may be anything; a message is one line. */
function wordOf(part: PropertyKey): string {
  const word = String(part)
  return /^[\w.-]+$/.test(word) ? word : JSON.stringify(word)
}

function isSecretPath(path: Path, secretPaths: readonly string[]): boolean {
  const dotted = path.filter((part) => typeof part === 'string').join('.')
  return (
    path.some((part) => isSecretKey(String(part))) || secretPaths.some((secret) => dotted.startsWith(secret))
  )
}

/** A value as a message may show it: short, quoted where it is text, secrets masked. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a map'
  if (typeof value !== 'string') return String(value)
  const text = maskText(value)
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text)
}

/** The value at the path, own properties only. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}
