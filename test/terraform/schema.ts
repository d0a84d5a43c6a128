/**
 * What a version of the AWS provider knows of the resources that we use, in a text of one line a block, so that it lies in
 * the repository and the code can be held against it where no provider is to be had:
 *
 *     resource aws_subnet arn- availability_zone? vpc_id!
 *     resource aws_subnet.timeouts create?
 *
 * `!` must be given, `?` may be given, `-` can only be read; a block that must be there has a `!` after its path.
 */
export type Schema = ReadonlyMap<string, SchemaBlock>

interface SchemaBlock {
  readonly isRequired: boolean
  /** `!`, `?` or `-` by name. */
  readonly attributes: ReadonlyMap<string, string>
}

/** The part of `terraform providers schema -json` that we read. */
export interface ProviderSchema {
  readonly resource_schemas: Readonly<Record<string, { readonly block: ProviderBlock }>>
  readonly data_source_schemas: Readonly<Record<string, { readonly block: ProviderBlock }>>
}

interface ProviderBlock {
  readonly attributes?: Readonly<Record<string, { readonly required?: boolean; readonly optional?: boolean }>>
  readonly block_types?: Readonly<
    Record<string, { readonly block: ProviderBlock; readonly min_items?: number }>
  >
}

/** The text for these types (`resource aws_vpc`, `data aws_ami`), from what the provider says of itself. */
export function schemaText(provider: ProviderSchema, types: readonly string[]): string {
  const lines: string[] = []
  const add = (path: string, block: ProviderBlock, mark: string) => {
    const names = Object.entries(block.attributes ?? {}).map(
      ([name, { required, optional }]) => `${name}${required ? '!' : optional ? '?' : '-'}`,
    )
    lines.push([`${path}${mark}`, ...names.sort()].join(' '))
    for (const [name, { block: inner, min_items }] of Object.entries(block.block_types ?? {}).sort())
      add(`${path}.${name}`, inner, (min_items ?? 0) > 0 ? '!' : '')
  }
  for (const type of types) {
    const [kind, name] = type.split(' ') as [string, string]
    const known = kind === 'data' ? provider.data_source_schemas[name] : provider.resource_schemas[name]
    if (known === undefined) throw new Error(`expected the provider to know ${type}`)
    add(type, known.block, '')
  }
  return `${lines.join('\n')}\n`
}

/** Reads such a text. */
export function parseSchema(text: string): Schema {
  const blocks = new Map<string, SchemaBlock>()
  for (const line of text.trim().split('\n')) {
    if (line.startsWith('#')) continue
    const [kind, path, ...names] = line.split(' ')
    const attributes = new Map(names.map((name) => [name.slice(0, -1), name.slice(-1)]))
    blocks.set(`${kind} ${path!.replace('!', '')}`, { isRequired: path!.endsWith('!'), attributes })
  }
  return blocks
}

/** Arguments that Terraform itself takes in every block. */
const META = new Set([
  'count',
  'for_each',
  'lifecycle',
  'depends_on',
  'provider',
  'provisioner',
  'connection',
])

type Hcl = Readonly<Record<string, unknown>>

/** What is wrong with a file (HCL as JSON, and its text), in sentences. Types of values are not looked at. */
export function schemaFaults(name: string, hcl: Hcl, text: string, schema: Schema): string[] {
  const faults: string[] = []
  for (const kind of ['resource', 'data']) {
    const types = (hcl[kind] ?? {}) as Readonly<Record<string, Readonly<Record<string, Hcl[]>>>>
    for (const [type, named] of Object.entries(types)) {
      if (!type.startsWith('aws_')) continue
      for (const [label, [body]] of Object.entries(named)) {
        faults.push(...blockFaults(`${name}: ${type}.${label}`, `${kind} ${type}`, body!, schema, META))
      }
    }
  }
  return [...faults, ...referenceFaults(name, text, schema)]
}

function blockFaults(
  where: string,
  path: string,
  body: Hcl,
  schema: Schema,
  meta: ReadonlySet<string>,
): string[] {
  const block = schema.get(path)
  if (block === undefined) return [`${where}: ${path} is not known`]
  const faults: string[] = []
  const nested = nestedBlocks(path, body, schema)
  for (const key of Object.keys(body)) {
    if (meta.has(key) || key === 'dynamic' || nested.some(([name]) => name === key)) continue
    const mark = block.attributes.get(key)
    if (mark === undefined) faults.push(`${where}: ${key} is not known`)
    if (mark === '-') faults.push(`${where}: ${key} can only be read`)
  }
  for (const [key, mark] of block.attributes) {
    if (mark === '!' && !(key in body)) faults.push(`${where}: ${key} is missing`)
  }
  for (const [inner, { isRequired }] of schema) {
    const isBelow = inner.startsWith(`${path}.`) && !inner.slice(path.length + 1).includes('.')
    const key = inner.slice(path.length + 1)
    if (isBelow && isRequired && !nested.some(([name]) => name === key))
      faults.push(`${where}: ${key} is missing`)
  }
  for (const [key, inner] of nested) {
    faults.push(...blockFaults(`${where}.${key}`, `${path}.${key}`, inner, schema, new Set()))
  }
  return faults
}

/** Blocks inside a block by name, those of `dynamic` included. */
function nestedBlocks(path: string, body: Hcl, schema: Schema): [string, Hcl][] {
  const found: [string, Hcl][] = []
  for (const [key, value] of Object.entries(body)) {
    if (schema.has(`${path}.${key}`))
      found.push(...(value as Hcl[]).map((inner): [string, Hcl] => [key, inner]))
  }
  const dynamic = (body.dynamic ?? {}) as Readonly<Record<string, { readonly content: Hcl[] }[]>>
  for (const [key, blocks] of Object.entries(dynamic)) {
    found.push(...blocks.map(({ content }): [string, Hcl] => [key, content[0]!]))
  }
  return found
}

function referenceFaults(name: string, text: string, schema: Schema): string[] {
  const faults: string[] = []
  for (const match of text.matchAll(/(?<![\w."])(data\.)?(aws_\w+)\.(\w+)(\[[^\]]*\])?\.(\w+)/g)) {
    const [reference, data, type, , , attribute] = match
    const path = `${data ? 'data' : 'resource'} ${type}`
    const known = schema.get(path)?.attributes.has(attribute!) || schema.has(`${path}.${attribute}`)
    if (!known) faults.push(`${name}: ${reference}: ${attribute} is not known`)
  }
  return faults
}

/** The types that HCL texts use, in order. */
export function typesIn(texts: readonly string[]): string[] {
  const found = texts.flatMap((text) =>
    [...text.matchAll(/^(resource|data) "(aws_\w+)"/gm)].map((match) => `${match[1]} ${match[2]}`),
  )
  return [...new Set(found)].sort()
}
