import { AppError } from '../errors/app-error.ts'
import { nearest } from '../errors/nearest.ts'
import { MAX_PROBLEMS } from './limits.ts'

/** Something wrong with one place of the configuration. */
export interface Problem {
  /** `file:line:col`, or what else the person wrote it in (`--drivers`). */
  readonly where: string
  /** `expected …, got …`. */
  readonly what: string
  readonly hint?: string
}

export function problemText({ where, what, hint }: Problem): string {
  return `${where}: ${what}${hint === undefined ? '' : ` (${hint})`}`
}

/** All problems as one `AppError('CONFIG')`, one a line, in the order of the file. */
export function configError(problems: readonly Problem[], cause?: unknown): AppError {
  const ordered = problems.toSorted((a, b) => lineOf(a) - lineOf(b))
  const lines = ordered.slice(0, MAX_PROBLEMS).map(problemText)
  if (problems.length > MAX_PROBLEMS) lines.push(`and ${problems.length - MAX_PROBLEMS} more`)
  return new AppError('CONFIG', lines.join('\n'), cause === undefined ? {} : { cause })
}

function lineOf({ where }: Problem): number {
  return Number(/:(\d+):\d+$/.exec(where)?.[1] ?? 0)
}

/** `did you mean x?`, or else the list of what is known. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates)
  return candidate === null ? `known: ${candidates.join(', ')}` : `did you mean ${candidate}?`
}
