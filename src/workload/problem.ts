import { AppError } from '../errors/app-error.ts'
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

/** The candidate nearest to what was written, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase().slice(0, 100), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `did you mean x?`, or else the list of what is known. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates)
  return candidate === undefined ? `known: ${candidates.join(', ')}` : `did you mean ${candidate}?`
}

/** Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
