import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import {
  type Alias,
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import { messageOf } from '../errors/app-error.ts'
import { nearest } from '../errors/nearest.ts'
import { MAX_YAML_ALIASES, MAX_YAML_BYTES } from './limits.ts'
import { configError, didYouMean, type Problem } from './problem.ts'
import { structureProblems } from './yaml-structure.ts'

export type Path = readonly PropertyKey[]

/** A YAML file that is a map, with the way back from a value to its place. */
export interface YamlSource {
  readonly file: string
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  /** `file:line:col` of the value at the path, or of the nearest map or list around it. */
  whereIs(path: Path): string
  /** `file:line:col` of a key in the map at the path. */
  whereIsKey(path: Path, key: string): string
}

/** Reads and parses a YAML file. Throws `AppError('CONFIG')` with every problem found. */
export async function readYaml(file: string): Promise<YamlSource> {
  return parseYaml(file, await readText(file))
}

async function readText(file: string): Promise<string> {
  const refuse = (what: string, hint?: string, cause?: unknown) =>
    configError([{ where: file, what, ...(hint === undefined ? {} : { hint }) }], cause)
  let bytes: Buffer
  try {
    const stats = await stat(file)
    if (!stats.isFile())
      throw refuse(`expected a file, got ${stats.isDirectory() ? 'a directory' : 'something else'}`)
    if (stats.size > MAX_YAML_BYTES) {
      throw refuse(`expected at most ${MAX_YAML_BYTES} bytes, got ${stats.size}`)
    }
    bytes = await readFile(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'CONFIG') throw error
    if (code === 'ENOENT')
      throw refuse('expected a YAML file, got nothing there', await neighbour(file), error)
    throw refuse(`expected a readable file, got ${code ?? messageOf(error)}`, undefined, error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw refuse('expected UTF-8 text, got other bytes', undefined, error)
  }
}

async function neighbour(file: string): Promise<string> {
  const files = await readdir(dirname(file)).catch(() => [])
  const near = nearest(
    basename(file),
    files.filter((name) => /\.ya?ml$/.test(name)),
  )
  return near === null ? 'check the path' : didYouMean(basename(file), [near])
}

/** Parses YAML text that must be a map. Throws `AppError('CONFIG')` with every problem found. */
export function parseYaml(file: string, text: string): YamlSource {
  const lineCounter = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`
  }
  const clean = text.replace(/^\uFEFF/, '')
  try {
    const document = parseDocument(clean, {
      lineCounter,
      prettyErrors: false,
      logLevel: 'error',
      uniqueKeys: false,
    })
    const problems = [...syntaxProblems(document, place), ...structureProblems(document.contents, place)]
    if (problems.length > 0) throw configError(problems)
    return source(file, text, document, place)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'CONFIG') throw error
    throw configError([{ where: `${file}:1:1`, what: `expected YAML, got: ${messageOf(error)}` }], error)
  }
}

function syntaxProblems(document: Document, place: (offset: number) => string): Problem[] {
  return [...document.errors, ...document.warnings].map(({ pos, message, code }) => ({
    where: place(pos[0]),
    what:
      code === 'MULTIPLE_DOCS'
        ? 'expected one document, got a second'
        : `expected YAML, got: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
  }))
}

function source(
  file: string,
  text: string,
  document: Document,
  place: (offset: number) => string,
): YamlSource {
  const offsetOf = (node: unknown) => (isNode(node) ? (node.range?.[0] ?? 0) : 0)
  return {
    file,
    text,
    data: toData(document, place),
    whereIs: (path) => place(offsetOf(nodeAt(document.contents, path))),
    whereIsKey: (path, key) => {
      const map = nodeAt(document.contents, path)
      const pair = isMap(map) ? pairOf(map, key) : undefined
      return place(offsetOf(pair?.key ?? map))
    },
  }
}

/** Pairs by key, so that a file of many unknown keys stays cheap. */
const pairIndexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>()

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  let index = pairIndexes.get(map)
  if (index === undefined) {
    index = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]))
    pairIndexes.set(map, index)
  }
  return index.get(key)
}

/** The node at the path, or the deepest one on the way. */
function nodeAt(root: unknown, path: Path): unknown {
  let node = root
  for (const part of path) {
    let child: unknown
    if (isMap(node)) {
      const pair = pairOf(node, String(part))
      child = pair?.value ?? pair?.key
    } else if (isSeq(node)) child = node.items[Number(part)]
    if (!isNode(child)) return node
    node = child
  }
  return node
}

function toData(document: Document, place: (offset: number) => string): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount: MAX_YAML_ALIASES }) as Record<string, unknown>
  } catch (error) {
    const aliases: Alias[] = []
    visit(document, {
      Alias: (_, alias) => {
        aliases.push(alias)
      },
    })
    const unresolved = aliases.find((alias) => alias.resolve(document) === undefined)
    const offset = (unresolved ?? aliases[0])?.range?.[0] ?? 0
    const what =
      unresolved === undefined
        ? `expected at most ${MAX_YAML_ALIASES} aliased values, got: ${messageOf(error)}`
        : `expected YAML, got: the alias *${unresolved.source} without an anchor before it`
    throw configError([{ where: place(offset), what }], error)
  }
}
