import { METRICS_LIMITS } from './limits.ts'
import type { FigureHead } from './protocol.ts'
import type { Figure } from './types.ts'

const LINE_END_OR_CONTROL = /\p{Cc}/u

/** The figures that a module exports, or why it does not: `expected …, got …`. */
export function figuresOf(exported: Readonly<Record<string, unknown>>): readonly Figure[] | string {
  const { figures } = exported
  if (figures === undefined) {
    const names = Object.keys(exported)
    const got = names.length === 0 ? 'nothing' : names.slice(0, 10).join(', ')
    return `expected an export named figures, got ${got}`
  }
  if (!Array.isArray(figures)) return `expected figures to be a list, got ${kindOf(figures)}`
  if (figures.length === 0) return 'expected figures to hold at least one, got an empty list'
  if (figures.length > METRICS_LIMITS.figures)
    return `expected at most ${METRICS_LIMITS.figures} figures, got ${figures.length}`
  const names = new Set<string>()
  for (const [index, figure] of figures.entries()) {
    const problem = problemOf(figure, names)
    if (problem !== null) return `figures[${index}]: ${problem}`
  }
  return figures as readonly Figure[]
}

/** What is told of a figure apart from its values. */
export function headOf({ name, unit = '', better, note }: Figure): FigureHead {
  return { name, unit, better: better ?? null, note: note ?? null }
}

function problemOf(figure: unknown, names: Set<string>): string | null {
  if (typeof figure !== 'object' || figure === null) return `expected a map, got ${kindOf(figure)}`
  const { name, unit = '', note = '', better, value } = figure as Record<string, unknown>
  const texts = [
    textProblem('name', name, METRICS_LIMITS.nameCharacters),
    textProblem('unit', unit, METRICS_LIMITS.unitCharacters),
    textProblem('note', note, METRICS_LIMITS.noteCharacters),
  ]
  const problem = texts.find((each) => each !== null)
  if (problem !== undefined) return problem
  if ((name as string).trim() === '') return 'expected a name, got an empty one'
  if (names.has(name as string)) return `expected names to differ, got ${JSON.stringify(name)} twice`
  names.add(name as string)
  if (better !== undefined && better !== 'lower' && better !== 'higher')
    return `expected better to be lower or higher, got ${short(JSON.stringify(better) ?? kindOf(better))}`
  if (typeof value !== 'function') return `expected value to be a function, got ${kindOf(value)}`
  return null
}

function textProblem(field: string, text: unknown, most: number): string | null {
  if (typeof text !== 'string') return `expected ${field} to be a text, got ${kindOf(text)}`
  if (text.length > most) return `expected ${field} to have at most ${most} characters, got ${text.length}`
  if (LINE_END_OR_CONTROL.test(text))
    return `expected ${field} to be one line, got ${short(JSON.stringify(text))}`
  return null
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`
}

/** A text on one line, of bounded length. */
export function short(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
  return line.length <= METRICS_LIMITS.errorCharacters
    ? line
    : `${line.slice(0, METRICS_LIMITS.errorCharacters)}…`
}
