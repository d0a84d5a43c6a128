import { customFigureOf, customHeads } from '../compare/custom-figures.ts'
import type { ExperimentResult } from '../result/result.ts'

/** A column of `metrics.csv` for a custom figure. */
export interface CustomColumn {
  /** `custom_` with name and unit, in letters, digits and underscores; no two are the same. */
  readonly header: string
  readonly read: (side: string, trialNumber: number) => number | null
}

export function customColumns({ sides }: Pick<ExperimentResult, 'sides'>): readonly CustomColumn[] {
  const taken = new Set<string>()
  return customHeads(sides).map(({ name, unit }) => ({
    header: uniqueHeader(['custom', name, unit].map(wordsOf).filter(Boolean).join('_'), taken),
    read: (label, trialNumber) => {
      const side = sides.find((candidate) => candidate.label === label)
      return (side && customFigureOf(side, name))?.values[trialNumber - 1] ?? null
    },
  }))
}

function wordsOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
}

function uniqueHeader(wanted: string, taken: Set<string>): string {
  let header = wanted
  for (let number = 2; taken.has(header); number++) header = `${wanted}_${number}`
  taken.add(header)
  return header
}
