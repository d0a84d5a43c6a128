import { nearest } from '../../src/errors/nearest.ts'
import type { Signal } from '../../src/otlp/signal.ts'
import { type Field, message } from '../../src/otlp/wire/schema.ts'
import { normalizedName, PathFault, type PathText, type Segment } from './path-text.ts'

/** The message a body of each signal is. */
export const ROOTS: Readonly<Record<Signal, string>> = {
  traces: 'ExportTraceServiceRequest',
  metrics: 'ExportMetricsServiceRequest',
  logs: 'ExportLogsServiceRequest',
}

/** A way through the messages of one signal: fields from the request down to the one that the path names. */
export type Way = readonly Field[]

/** The five kinds of metric, which a path may leave out: `metrics.dataPoints` means the points of all of them. */
const METRIC_ONEOF = 'data'
/** Spellings besides the name in the .proto files. */
const ALIASES: Readonly<Record<string, string>> = { attributes: 'filteredattributes', logs: 'logrecords' }

/**
 * All ways of `signal` that the segments name. Leading segments may be left out (`spans.name`, `resource.attributes`),
 * so one path may mean several ways: `exemplars.attributes` is found under four kinds of data points.
 * Throws PathFault where no way is.
 */
export function resolveWays(signal: Signal, path: PathText): Way[] {
  const [first, ...rest] = path.segments
  let ways = openings(ROOTS[signal], first!)
  if (ways.length === 0) {
    throw new PathFault(unknown(first!, containers(ROOTS[signal]), `${signal} path`), first!.offset)
  }
  for (const segment of rest) {
    const next = ways.flatMap((way) => continuations(way, segment))
    if (next.length === 0) {
      const names = ways.flatMap((way) => below(way).map((field) => camelCase(field.name)))
      throw new PathFault(unknown(segment, names, camelCase(ways[0]!.at(-1)!.name)), segment.offset)
    }
    ways = next
  }
  return ways
}

function openings(root: string, segment: Segment): Way[] {
  const found: Way[] = []
  const queue: Way[] = [[]]
  for (const way of queue) {
    const fields = way.length === 0 ? message(root) : below(way)
    for (const field of fields) {
      if (!isContainer(field)) continue
      const next = [...way, field]
      if (isNamed(field, segment)) found.push(next)
      queue.push(next)
    }
  }
  return found
}

/** What a path may begin with: messages and the body of a log record, not plain fields and attribute lists. */
function isContainer(field: Field): boolean {
  return field.message !== null && field.message !== 'KeyValue'
}

function containers(root: string): string[] {
  const names: string[] = []
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    for (const field of message(name)) {
      if (!isContainer(field)) continue
      names.push(camelCase(field.name))
      if (field.message !== 'AnyValue') visit(field.message!)
    }
  }
  visit(root)
  return names
}

function below(way: Way): readonly Field[] {
  const name = way.at(-1)?.message
  return name === null || name === undefined || name === 'AnyValue' || name === 'KeyValue'
    ? []
    : message(name)
}

function continuations(way: Way, segment: Segment): Way[] {
  const fields = below(way)
  const direct = fields.filter((field) => isNamed(field, segment)).map((field) => [...way, field])
  if (direct.length > 0) return direct
  return fields
    .filter((field) => field.oneof === METRIC_ONEOF)
    .flatMap((kind) => below([...way, kind]).map((field) => [...way, kind, field]))
    .filter((longer) => isNamed(longer.at(-1)!, segment))
}

function isNamed(field: Field, segment: Segment): boolean {
  const own = normalizedName(field.name)
  const asked = normalizedName(segment.name)
  const isSame = own === asked || own === ALIASES[asked] || (field.isRepeated && own === `${asked}s`)
  return isSame && (field.isRepeated || !segment.isStarred)
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function unknown(segment: Segment, names: readonly string[], where: string): string {
  const distinct = [...new Set(names)]
  const near = nearest(segment.name, distinct)
  const starred = segment.isStarred ? '[*]' : ''
  const hint = near === null ? `one of ${distinct.slice(0, 12).join(', ')}` : `did you mean ${near}?`
  return `'${segment.name}${starred}' is nothing that a ${where} has (${hint})`
}
