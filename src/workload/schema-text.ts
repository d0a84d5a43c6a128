import { type ZodType, z } from 'zod'
import type { Path } from './yaml-source.ts'

/** The parts of a JSON Schema (draft 7) that messages are made of. */
export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/** What may be written in a file for this schema; `{}` where zod cannot say. */
export function jsonSchemaOf(schema: ZodType): JsonSchema {
  try {
    return z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as JsonSchema
  } catch {
    return {}
  }
}

/** The schema of the value at the path, or undefined where there is none. */
export function schemaAt(root: JsonSchema, path: Path): JsonSchema | undefined {
  let candidates: readonly JsonSchema[] = [root]
  for (const part of path) {
    candidates = candidates.flatMap(branches).flatMap((schema) => child(schema, part))
  }
  return candidates[0]
}

function branches(schema: JsonSchema): readonly JsonSchema[] {
  const inner = schema.anyOf ?? schema.oneOf ?? schema.allOf
  return inner === undefined ? [schema] : [schema, ...inner.flatMap(branches)]
}

function child(schema: JsonSchema, part: PropertyKey): readonly JsonSchema[] {
  if (typeof part === 'number') return schema.items === undefined ? [] : [schema.items]
  const key = String(part)
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key))
    return [schema.properties[key]!]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** Keys that a map of this schema may have. */
export function knownKeys(schema: JsonSchema): string[] {
  return [...new Set(branches(schema).flatMap(({ properties }) => Object.keys(properties ?? {})))]
}

/** Whether the map takes any key (a record), so that a dotted path ends in it. */
export function takesAnyKey(schema: JsonSchema): boolean {
  return branches(schema).some((branch) => typeof branch.additionalProperties === 'object')
}

/** `a whole number from 1 to 10`; undefined where the schema does not tell. */
export function expectedText(schema: JsonSchema): string | undefined {
  const inner = schema.anyOf ?? schema.oneOf
  if (inner !== undefined) {
    const texts = inner.map(expectedText).filter((text) => text !== undefined)
    return texts.length === 0 ? undefined : [...new Set(texts)].join(' or ')
  }
  if (schema.const !== undefined) return String(schema.const)
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema)}`
    case 'number':
      return `a number${range(schema)}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return schema.minLength === undefined && schema.pattern === undefined
        ? 'a text'
        : 'a text that is not empty'
    case 'array':
      return `a list${items(schema)}`
    case 'object':
      return 'a map of settings'
    default:
      return undefined
  }
}

function items({ minItems = 0, maxItems }: JsonSchema): string {
  if (maxItems !== undefined) return ` of ${minItems} to ${maxItems}`
  return minItems > 0 ? ` of at least ${minItems}` : ''
}

function range(schema: JsonSchema): string {
  const { type, minimum, maximum, exclusiveMinimum } = schema
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (type === 'number' && exclusiveMinimum !== undefined) {
    return ` greater than ${exclusiveMinimum}${most === undefined ? '' : ` and at most ${most}`}`
  }
  const bound = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1
  const least = bound !== undefined && bound > -Number.MAX_SAFE_INTEGER ? bound : undefined
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`
  if (least !== undefined) return ` of at least ${least}`
  return most === undefined ? '' : ` of at most ${most}`
}

/** The first sentence of the field's description, as a hint. */
export function hintText(schema: JsonSchema | undefined): string | undefined {
  const sentence = schema?.description?.split(/\.\s/)[0]?.replace(/\.$/, '')
  return sentence === undefined || sentence === '' ? undefined : sentence
}
