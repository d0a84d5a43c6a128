/** What can be compared, wherever it was measured. */
export { withoutIntervals } from './bench-source.ts'
export {
  COMPARED_FIGURES,
  type ComparedFigure,
  type FigureUnit,
  type FigureValues,
  figureNumber,
  figureText,
  UNIT_TEXT,
} from './figures.ts'
export { readSource } from './read-source.ts'
export type { ComparedTrial, Source, SourceSide } from './source.ts'
