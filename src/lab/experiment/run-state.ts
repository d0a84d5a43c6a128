import type { ExperimentResult, TestRunMark } from '../../result/result.ts'
import { finishedRun } from '../plan/resolve.ts'

/** Whether every trial of the run was measured to its end. */
export function isComplete(result: ExperimentResult, mark: TestRunMark): boolean {
  return finishedRun({ ...result, testRun: mark })?.complete ?? false
}
