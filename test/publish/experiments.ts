import type { ExperimentResult } from '../../src/result/result.ts'
import { sampleResult } from '../result/sample-result.ts'

const DAY_MS = 86_400_000
const FIRST_MS = Date.UTC(2026, 0, 1, 6)

/** The n-th experiment, one a day. */
export function dailyExperiment(n: number, changes: Partial<ExperimentResult> = {}): ExperimentResult {
  const startedAt = new Date(FIRST_MS + n * DAY_MS).toISOString()
  const id = `exp-${startedAt.slice(0, 10).replaceAll('-', '')}-${startedAt.slice(11, 19).replaceAll(':', '')}`
  return sampleResult({ id, startedAt, ...changes })
}

/** Results as `publish` takes them. */
export async function* each(...results: readonly ExperimentResult[]): AsyncGenerator<ExperimentResult> {
  yield* results
}
