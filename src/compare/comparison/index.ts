/** `bench compare`: sources held against one another. Pure. */
export {
  type ComparisonOptions,
  compareSources,
  type JudgedContest,
  type SourceComparison,
} from './comparison.ts'
export type { Change, FigureCell, FigureRow } from './figure-rows.ts'
