import type { TrialResult } from '../result/result.ts'
import { median } from './statistics/index.ts'

/** What a table says of one side. */
export interface Cell {
  readonly text: string
  /** `best` is only given where values of ranked columns differ as printed; `muted` cells are not to be ranked. */
  readonly mark: 'best' | 'muted' | 'bad' | null
}

/** What a row says of the trials of one side; never asked without any. */
export type TrialsCell = (trials: readonly TrialResult[]) => Cell

/** Not known. */
export const DASH: Cell = { text: '–', mark: null }

/** A figure of one trial; null = not known. */
export type Read = (trial: TrialResult) => number | null

/** The median over the trials that know the figure; of one trial its own. */
export function medianCell(read: Read, text: (value: number) => string): TrialsCell {
  return (trials) => {
    const known = trials.map(read).filter((value) => value !== null)
    return known.length === 0 ? DASH : { text: text(median(known)), mark: null }
  }
}

/** The sum over all trials, marked when it is alarming and not 0; a dash when any trial does not know it. */
export function sumCell(read: Read, text: (value: number) => string, alarming = false): TrialsCell {
  return (trials) => {
    let sum = 0
    for (const trial of trials) {
      const value = read(trial)
      if (value === null) return DASH
      sum += value
    }
    return { text: text(sum), mark: alarming && sum > 0 ? 'bad' : null }
  }
}

/** `valid`, or of several trials that differ `valid 5, saturated 2`; marked when any of them is the bad word. */
export function wordCell(read: (trial: TrialResult) => string, bad: string): TrialsCell {
  return (trials) => {
    const words = trials.map(read)
    return { text: countedWords(words), mark: words.includes(bad) ? 'bad' : null }
  }
}

/** A word alone where all are the same, else each with its number. */
export function countedWords(words: readonly string[]): string {
  const different = [...new Set(words)]
  if (different.length === 1) return different[0]!
  return different.map((word) => `${word} ${words.filter((each) => each === word).length}`).join(', ')
}
