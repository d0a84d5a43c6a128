/** Verdicts over trials: data for JSON and sentences for people. Pure. */
export { FIGURE_KINDS, type FigureKind, type FigureName, VERDICT_FIGURES } from './figures.ts'
export { sideTrialsOf } from './from-result.ts'
export { judgeHeadToHead, RELEVANCE_MARGIN } from './head-to-head.ts'
export { heldVerdicts } from './held.ts'
export type * from './types.ts'
export { unequalGuarantees } from './unequal.ts'
