import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a `variable` block of Terraform says of its type. */
export type HclType =
  | { readonly kind: 'string' | 'number' | 'bool' | 'any' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly element: HclType }
  | {
      readonly kind: 'object'
      readonly attributes: ReadonlyMap<string, { type: HclType; optional: boolean }>
    }

export interface HclVariable {
  readonly name: string
  readonly type: HclType
  readonly required: boolean
}

/** The text of every `variable` block of a folder of `.tf` files, as `terraform fmt` leaves them. */
export function variableBlocks(folder: string): string[] {
  const texts = readdirSync(folder).filter((name) => name.endsWith('.tf'))
  return texts.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return [...text.matchAll(/^variable "\w+" \{\n[\s\S]*?^\}\n/gm)].map(([block]) => block)
  })
}

/** The variables of a folder of `.tf` files. */
export function readHclVariables(folder: string): HclVariable[] {
  return variableBlocks(folder).map((block) => {
    const [, name] = /^variable "(\w+)"/.exec(block)!
    const declared = /^ {2}type\s*=\s*/m.exec(block)!
    const type = typeAt(tokens(block.slice(declared.index + declared[0].length)))
    return { name: name!, type, required: !/^ {2}default\s*=/m.test(block) }
  })
}

function tokens(text: string): string[] {
  return text.match(/"[^"]*"|[\w.]+|[(){}=,[\]]/g) ?? []
}

/** Takes a type from the front of the tokens. */
function typeAt(from: string[]): HclType {
  const word = from.shift()
  switch (word) {
    case 'string':
    case 'number':
    case 'bool':
    case 'any':
      return { kind: word }
    case 'list':
    case 'set':
    case 'map': {
      take(from, '(')
      const element = typeAt(from)
      take(from, ')')
      return { kind: word, element }
    }
    case 'object':
      return objectAt(from)
    default:
      throw new Error(`expected a type of Terraform, got ${word}`)
  }
}

function objectAt(from: string[]): HclType {
  const attributes = new Map<string, { type: HclType; optional: boolean }>()
  take(from, '(')
  take(from, '{')
  while (from[0] !== '}') {
    const name = from.shift()!
    take(from, '=')
    const optional = from[0] === 'optional'
    if (optional) {
      from.shift()
      take(from, '(')
    }
    attributes.set(name, { type: typeAt(from), optional })
    if (optional) toClosing(from)
    if (from[0] === ',') from.shift()
  }
  take(from, '}')
  take(from, ')')
  return { kind: 'object', attributes }
}

/** Over a default value, to the end of `optional(…)`. */
function toClosing(from: string[]): void {
  for (let depth = 1; depth > 0; ) {
    const token = from.shift()
    if (token === undefined) throw new Error('expected ), got the end')
    if ('({['.includes(token)) depth++
    if (')}]'.includes(token)) depth--
  }
}

function take(from: string[], token: string): void {
  const got = from.shift()
  if (got !== token) throw new Error(`expected ${token}, got ${got}`)
}

/** What does not fit the type; Terraform drops attributes it does not know in silence, so they count. */
export function misfits(value: unknown, type: HclType, path: string): string[] {
  const wrong = (what: string) => [`${path}: expected ${what}, got ${JSON.stringify(value)}`]
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  switch (type.kind) {
    case 'any':
      return []
    case 'string':
    case 'number':
      return typeof value === type.kind ? [] : wrong(type.kind)
    case 'bool':
      return typeof value === 'boolean' ? [] : wrong('bool')
    case 'list':
    case 'set':
      if (!Array.isArray(value)) return wrong(type.kind)
      return value.flatMap((item, index) => misfits(item, type.element, `${path}[${index}]`))
    case 'map':
      if (!isMap) return wrong('map')
      return Object.entries(value).flatMap(([key, item]) => misfits(item, type.element, `${path}.${key}`))
    case 'object': {
      if (!isMap) return wrong('object')
      const given = Object.entries(value)
      const missing = [...type.attributes].filter(([name, a]) => !a.optional && !Object.hasOwn(value, name))
      return [
        ...missing.map(([name]) => `${path}.${name}: expected a value, got none`),
        ...given.flatMap(([name, item]) => {
          const attribute = type.attributes.get(name)
          if (attribute === undefined) return [`${path}.${name}: expected a declared attribute`]
          return misfits(item, attribute.type, `${path}.${name}`)
        }),
      ]
    }
  }
}
