import { AppError } from '../../errors/app-error.ts'
import type { Problem } from '../../workload/problem.ts'

/** Set by bench on everything; no tags of anybody's own, in whatever case. */
export const RESERVED_TAGS = ['Project', 'Role', 'ExperimentID', 'Experiment', 'ManagedBy', 'TTL', 'Name']
/** AWS takes 50 on a resource; some of them are bench's. */
export const MAX_OWN_TAGS = 40
const MAX_KEY_LENGTH = 128
const MAX_VALUE_LENGTH = 256

export type Tags = Readonly<Record<string, string>>

/** Tags as typed, `key=value` each. Throws `AppError('USAGE')` for another form, or a key given twice. */
export function parseTagOptions(texts: readonly string[]): Tags {
  const tags = new Map<string, string>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    if (equals < 1) {
      const hint = '--tag team=data-platform'
      throw new AppError('USAGE', `--tag: expected key=value, got ${JSON.stringify(text)}`, { hint })
    }
    const key = text.slice(0, equals)
    if (tags.has(key)) throw new AppError('USAGE', `--tag: expected each key once, got ${key} twice`)
    tags.set(key, text.slice(equals + 1))
  }
  return Object.fromEntries(tags)
}

/**
 * What AWS refuses in tags, and what bench keeps for itself; `whereIs` gives the place of a key. Keys that differ in case
 * only are refused: IAM takes them for the same.
 */
export function tagProblems(tags: Tags, whereIs: (key: string) => string): Problem[] {
  const problems: Problem[] = []
  const keys = Object.keys(tags)
  const seen = new Map<string, string>()
  for (const key of keys) {
    const fault = keyFault(key, seen) ?? valueFault(key, tags[key]!)
    seen.set(key.toLowerCase(), key)
    if (fault !== null) problems.push({ where: whereIs(key), ...fault })
  }
  if (keys.length > MAX_OWN_TAGS) {
    const what = `expected at most ${MAX_OWN_TAGS} tags of your own, got ${keys.length}`
    problems.push({ where: whereIs(keys[MAX_OWN_TAGS]!), what, hint: 'AWS takes 50 with those of bench' })
  }
  return problems
}

type Fault = Omit<Problem, 'where'> | null

function keyFault(key: string, seen: ReadonlyMap<string, string>): Fault {
  const name = JSON.stringify(key.slice(0, MAX_KEY_LENGTH))
  const lower = key.toLowerCase()
  const reserved = RESERVED_TAGS.find((own) => own.toLowerCase() === lower)
  const twin = seen.get(lower)
  if (reserved !== undefined) {
    return { what: `expected a tag of your own, got ${name}`, hint: `${reserved} is set for you` }
  }
  if (lower.startsWith('aws:')) {
    return { what: `expected a tag key without aws: at its start, got ${name}`, hint: 'AWS keeps it' }
  }
  if (twin !== undefined) {
    const hint = 'some services of AWS take them for the same: use one spelling'
    return { what: `expected tag keys that differ in more than case, got ${twin} and ${key}`, hint }
  }
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    return { what: `expected a tag key of 1 to ${MAX_KEY_LENGTH} characters, got ${key.length}` }
  }
  return isAllowed(key) ? null : { what: `expected a tag key of ${CHARACTERS}, got ${name}` }
}

function valueFault(key: string, value: string): Fault {
  if (value.length > MAX_VALUE_LENGTH) {
    return {
      what: `expected a value of at most ${MAX_VALUE_LENGTH} characters for tag ${key}, got ${value.length}`,
    }
  }
  if (isAllowed(value)) return null
  return { what: `expected a value of ${CHARACTERS} for tag ${key}, got ${JSON.stringify(value)}` }
}

const CHARACTERS = 'letters, digits, spaces and _ . : / = + - @'

function isAllowed(text: string): boolean {
  return /^[\p{L}\p{N}\p{Zs}_.:/=+\-@]*$/u.test(text)
}
