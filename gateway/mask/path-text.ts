/** One step into a value: a key of an attribute list or key-value list, or `null` for every key and every element. */
export type ValueStep = string | null

/** One named step through messages, as written. */
export interface Segment {
  readonly name: string
  /** Whether `[*]` stood behind it. */
  readonly isStarred: boolean
  /** Where it begins, in characters from the start of the path. */
  readonly offset: number
}

/** A path taken apart, before it is held against the OTLP messages. */
export interface PathText {
  readonly segments: readonly Segment[]
  /** What comes behind `attributes`, `metadata` or `body`. */
  readonly value: readonly ValueStep[]
  readonly pattern: { readonly source: string; readonly flags: string; readonly offset: number } | null
}

/** Thrown by the parsers of this folder; the caller knows the rule and makes an AppError of it. */
export class PathFault extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Segments behind which the rest of the path names keys. */
const LIST_NAMES = ['attributes', 'filteredattributes', 'metadata', 'body']
const NAME = /[A-Za-z_]+/y
const PATTERN = /\s*=~\s*\/(.*)\/([a-z]*)\s*$/s

/** `resource_spans`, `resourceSpans` and `RESOURCESPANS` are one name. */
export function normalizedName(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

/** Takes a path apart; throws PathFault where it does not follow the grammar in `gateway/mask/README.md`. */
export function parsePath(text: string): PathText {
  const reader = { text, at: 0 }
  const segments: Segment[] = []
  const value: ValueStep[] = []
  while (true) {
    const segment = readSegment(reader)
    segments.push(segment)
    if (LIST_NAMES.includes(normalizedName(segment.name))) {
      readValueSteps(reader, segment, value)
      break
    }
    if (reader.text[reader.at] !== '.') break
    reader.at++
  }
  return { segments, value, pattern: readPattern(reader) }
}

interface Reader {
  readonly text: string
  at: number
}

function readSegment(reader: Reader): Segment {
  NAME.lastIndex = reader.at
  const name = NAME.exec(reader.text)?.[0]
  if (name === undefined) {
    throw new PathFault(`expected a name such as resource, spans or attributes, ${got(reader)}`, reader.at)
  }
  const offset = reader.at
  reader.at += name.length
  const isList = LIST_NAMES.includes(normalizedName(name))
  const isStarred = !isList && reader.text.startsWith('[*]', reader.at)
  if (isStarred) reader.at += 3
  return { name, isStarred, offset }
}

function readValueSteps(reader: Reader, list: Segment, steps: ValueStep[]): void {
  if (reader.text[reader.at] === '.') {
    reader.at++
    steps.push(readBareKey(reader, list))
  }
  while (reader.text[reader.at] === '[') {
    if (reader.text.startsWith('[*]', reader.at)) {
      reader.at += 3
      steps.push(null)
    } else {
      steps.push(readQuotedKey(reader))
    }
  }
}

/** `http.request.method`: dots belong to the key, which ends at `[`, at `=~` or with the path. */
function readBareKey(reader: Reader, list: Segment): string {
  const from = reader.at
  const rest = reader.text.slice(from)
  const end = rest.search(/\[|\s*=~|\s*$/)
  const key = rest.slice(0, end)
  if (key === '' || /["'\s]/.test(key)) {
    throw new PathFault(`expected a key behind ${list.name}., or ${list.name}["…"] for an odd one`, from)
  }
  reader.at = from + end
  return key
}

function readQuotedKey(reader: Reader): string {
  const from = reader.at
  const quote = reader.text[from + 1]
  if (quote !== '"' && quote !== "'") throw new PathFault('expected [*] or ["key"]', from)
  let key = ''
  let pos = from + 2
  while (pos < reader.text.length && reader.text[pos] !== quote) {
    if (reader.text[pos] === '\\') pos++
    key += reader.text[pos] ?? ''
    pos++
  }
  if (!reader.text.startsWith(`${quote}]`, pos)) throw new PathFault(`expected ${quote}] behind the key`, pos)
  reader.at = pos + 2
  return key
}

function readPattern(reader: Reader): PathText['pattern'] {
  const rest = reader.text.slice(reader.at)
  if (rest.trim() === '') return null
  const found = PATTERN.exec(rest)
  if (found === null || found.index !== 0) {
    throw new PathFault(`expected the end of the path or =~/regular expression/, ${got(reader)}`, reader.at)
  }
  return { source: found[1]!, flags: found[2]!, offset: reader.at + rest.indexOf('/') + 1 }
}

function got(reader: Reader): string {
  const rest = reader.text.slice(reader.at, reader.at + 20)
  return rest === '' ? 'got the end' : `got '${rest}'`
}
