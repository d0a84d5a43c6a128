import { isAlias, isCollection, isScalar, parseDocument } from 'yaml'
import { configError } from './problem.ts'
import { isSecretKey, MASK, maskSecrets } from './secrets.ts'

/** A setting of the driver file, replaced on the command line. */
export interface Override {
  /** Dotted path as written, e.g. `sasl.mechanism`. */
  readonly key: string
  readonly value: unknown
  /** The value as written, quotes included. */
  readonly text: string
}

/** One side as written: `[label=]name-or-path[:client][+key=value…]`. */
export interface SideToken {
  readonly label: string | null
  /** Name of a driver file, or a path when it has a `/` or ends in `.yaml`. */
  readonly name: string
  readonly client: string | null
  readonly overrides: readonly Override[]
  /** The token with secret values masked, for messages. */
  readonly shown: string
}

const LABEL = /^[A-Za-z0-9][A-Za-z0-9_.#-]{0,63}$/
const CLIENT = /^[A-Za-z0-9_-]+$/
const KEY = /^[A-Za-z_][\w.-]*$/
const CLOSERS: Readonly<Record<string, string>> = { '[': ']', '{': '}' }
const FORM = 'write it as [label=]name[:client][+key=value…]'

/** Splits a comma-separated list of sides; commas inside quotes and brackets belong to a value. */
export function splitSides(text: string): string[] {
  return splitOutside(text, ',').map((part) => part.trim())
}

/**
 * Throws `AppError('CONFIG')` naming `where` (an option, or a place in a file) and the token. `secretPaths` are masked
 * in `shown` beside what looks like a secret anyway.
 */
export function parseSideToken(text: string, where: string, secretPaths: readonly string[] = []): SideToken {
  const [head = '', ...settings] = splitOverrides(text)
  const overrides = settings.map(overrideOf)
  const shown = [head, ...overrides.map((override) => shownOverride(override, secretPaths))].join('+')
  const refuse = (what: string, hint = FORM) =>
    configError([{ where: `${where} ${shown}`.trim(), what, hint }])
  for (const override of overrides) {
    if (!KEY.test(override.key))
      throw refuse(`expected a setting's name before =, got ${JSON.stringify(override.key)}`)
    if (override.value === undefined)
      throw refuse(`expected a YAML value for ${override.key}, got broken YAML`, 'quote it')
  }
  const equals = head.indexOf('=')
  const label = equals < 0 ? null : head.slice(0, equals)
  const body = head.slice(equals + 1)
  if (label !== null && !LABEL.test(label)) {
    throw refuse(`expected a label of letters, digits and _ . # -, got ${JSON.stringify(label)}`)
  }
  const { name, client } = splitClient(body)
  if (name === '') throw refuse(`expected the name of a driver file, got ${JSON.stringify(body)}`)
  return { label, name, client, overrides, shown }
}

/** `path/a.yaml:kafkajs`: the client is what follows the last colon, if it looks like a word. */
function splitClient(body: string): { name: string; client: string | null } {
  const colon = body.lastIndexOf(':')
  const client = body.slice(colon + 1)
  if (colon < 0 || !CLIENT.test(client)) return { name: body, client: null }
  return { name: body.slice(0, colon), client }
}

/** Splits at each `+key=`; another plus sign belongs to a path or a value. */
function splitOverrides(text: string): string[] {
  const parts: string[] = []
  for (const part of splitOutside(text, '+')) {
    if (parts.length > 0 && !part.includes('=')) parts.push(`${parts.pop()}+${part}`)
    else parts.push(part)
  }
  return parts
}

function overrideOf(part: string): Override {
  const equals = part.indexOf('=')
  const text = part.slice(equals + 1)
  return { key: part.slice(0, equals), text, value: yamlValue(text) }
}

/** A YAML scalar or flow collection; undefined when it is neither. */
function yamlValue(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'error', prettyErrors: false })
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined
  const { contents } = document
  if (contents === null) return null
  if (isScalar(contents)) return contents.value
  if (isAlias(contents)) return undefined
  return isCollection(contents) && contents.flow === true ? document.toJS({ maxAliasCount: 0 }) : text
}

function shownOverride({ key, text, value }: Override, secretPaths: readonly string[]): string {
  const isBelow = (path: string) => key === path || key.startsWith(`${path}.`)
  const secretKey = key.split('.').some(isSecretKey) || secretPaths.some(isBelow)
  const inner = { [key]: value, text }
  const secretInside = JSON.stringify(maskSecrets(inner, secretPaths)) !== JSON.stringify(inner)
  return `${key}=${secretKey || secretInside ? MASK : text}`
}

/** Splits at a separator that stands outside quotes (opened at the start of a value) and brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = []
  const closers: string[] = []
  let quote = ''
  let part = ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    const opens = index === 0 || /[=,[{:\s]/.test(text[index - 1]!)
    if (quote !== '') quote = character === quote ? '' : quote
    else if ((character === '"' || character === "'") && opens) quote = character
    else if (CLOSERS[character] !== undefined) closers.push(CLOSERS[character])
    else if (character === closers.at(-1)) closers.pop()
    else if (character === separator && closers.length === 0) {
      parts.push(part)
      part = ''
      continue
    }
    part += character
  }
  return [...parts, part]
}
