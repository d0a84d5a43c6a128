import { AppError } from '../errors/app-error.ts'

/** Largest trace file that is read. */
export const MAX_TRACE_BYTES = 32 * 1024 * 1024
/** Rows of a trace. */
export const MAX_TRACE_ROWS = 1_000_000
/** Messages of one row of a trace of counts. */
const MAX_ROW_COUNT = 1e9
/** Bad rows that are told one by one. */
const MAX_BAD_ROWS = 10

/** Recorded traffic. Times are microseconds from its begin and never decrease. */
export type Trace =
  /** The instant of every message. */
  | { readonly kind: 'instants'; readonly instantsUs: Float64Array; readonly durationUs: number }
  /** From `startsUs[i]` to the next start (of the last, to the end) `counts[i]` messages, evenly spaced. */
  | {
      readonly kind: 'counts'
      readonly startsUs: Float64Array
      readonly counts: Float64Array
      readonly durationUs: number
    }

/** What is wrong with a row. */
export interface TraceProblem {
  /** Line of the file, from 1. */
  readonly line: number
  readonly what: string
}

export type ParsedTrace = { readonly trace: Trace } | { readonly problems: readonly TraceProblem[] }

const HEADERS = 'time,count or timestamp'
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Reads a trace from CSV with a head line. `time,count`: `count` messages from `time` to the next row's; the last row lasts
 * as long as the one before it, or ends the trace with a count of 0. `timestamp`: one row a message. Times are seconds
 * (any origin) or ISO 8601, ascending, the first becoming 0. Pure; every bad row is a problem, at its line.
 */
export function parseTrace(text: string): ParsedTrace {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const head = (lines[0] ?? '').replace(/\r$/, '').trim().toLowerCase().replaceAll(/\s/g, '')
  const withCounts = head === 'time,count'
  if (!withCounts && head !== 'timestamp') {
    return {
      problems: [{ line: 1, what: `expected a head line of ${HEADERS}, got ${shown(lines[0] ?? '')}` }],
    }
  }
  const { times, counts, problems } = rowsOf(lines, withCounts)
  if (problems.length > 0) return { problems }
  if (times.length < 2) {
    return { problems: [{ line: 1, what: `expected at least 2 rows, got ${times.length}` }] }
  }
  const starts = Float64Array.from(times, (seconds) => Math.round((seconds - times[0]!) * 1e6))
  return withCounts ? traceOfCounts(starts, counts) : traceOfInstants(starts)
}

function rowsOf(lines: readonly string[], withCounts: boolean) {
  const times: number[] = []
  const counts: number[] = []
  const problems: TraceProblem[] = []
  for (let i = 1; i < lines.length && problems.length < MAX_BAD_ROWS; i++) {
    const row = lines[i]!.replace(/\r$/, '')
    if (row.trim() === '') continue
    if (times.length === MAX_TRACE_ROWS) {
      problems.push({ line: i + 1, what: `expected at most ${MAX_TRACE_ROWS} rows, got more` })
      break
    }
    const cells = row.split(',')
    const seconds = secondsOf(cells[0]!.trim())
    const count = withCounts ? countOf(cells[1]?.trim()) : 1
    const what = rowProblem(row, cells.length, withCounts, seconds, count, times.at(-1))
    if (what !== null) problems.push({ line: i + 1, what })
    else {
      times.push(seconds!)
      counts.push(count!)
    }
  }
  return { times, counts, problems }
}

function rowProblem(
  row: string,
  cells: number,
  withCounts: boolean,
  seconds: number | null,
  count: number | null,
  before: number | undefined,
): string | null {
  const expected = withCounts ? 'time,count' : 'one timestamp'
  if (cells !== (withCounts ? 2 : 1)) return `expected ${expected}, got ${shown(row)}`
  if (seconds === null) return `expected a time in seconds or as ISO 8601, got ${shown(row)}`
  if (count === null) return `expected a whole count from 0 to ${MAX_ROW_COUNT}, got ${shown(row)}`
  if (before === undefined) return null
  if (withCounts && seconds <= before) return `expected a later time than the row before, got ${shown(row)}`
  return seconds < before ? `expected times that ascend, got ${shown(row)}` : null
}

function secondsOf(text: string): number | null {
  if (NUMBER.test(text)) {
    const seconds = Number(text)
    return Number.isFinite(seconds) ? seconds : null
  }
  if (!/^\d{4}-\d\d-\d\dT/.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms / 1000
}

function countOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return null
  const count = Number(text)
  return count <= MAX_ROW_COUNT ? count : null
}

function traceOfCounts(startsUs: Float64Array, counts: readonly number[]): ParsedTrace {
  const last = startsUs.length - 1
  const endUs = counts[last] === 0 ? startsUs[last]! : 2 * startsUs[last]! - startsUs[last - 1]!
  if (counts.every((count) => count === 0)) {
    return { problems: [{ line: 2, what: 'expected at least one message, got counts of 0 only' }] }
  }
  return { trace: { kind: 'counts', startsUs, counts: Float64Array.from(counts), durationUs: endUs } }
}

/** The trace ends where the message after the last would come, at the mean distance: n messages fill n distances. */
function traceOfInstants(instantsUs: Float64Array): ParsedTrace {
  const count = instantsUs.length
  const lastUs = instantsUs[count - 1]!
  if (lastUs === 0) return { problems: [{ line: 2, what: 'expected times that differ, got one time only' }] }
  const durationUs = Math.max(lastUs + 1, Math.round((lastUs * count) / (count - 1)))
  return { trace: { kind: 'instants', instantsUs, durationUs } }
}

export function traceMessages(trace: Trace): number {
  return trace.kind === 'instants'
    ? trace.instantsUs.length
    : trace.counts.reduce((sum, count) => sum + count, 0)
}

/** The trace, or `AppError('CONFIG')` with every bad row. */
export function traceOrThrow(text: string, path: string): Trace {
  const parsed = parseTrace(text)
  if ('trace' in parsed) return parsed.trace
  const lines = parsed.problems.map(({ line, what }) => `${path}:${line}: ${what}`)
  throw new AppError('CONFIG', lines.join('\n'))
}

function shown(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(short)
}
