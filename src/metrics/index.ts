/** Custom figures: a module of the user's that computes figures from a result, in a process of its own. */
export { checkMetrics, type MetricsModule, withCustomFigures } from './evaluate.ts'
