import type { ExperimentResult } from '../result/result.ts'
import { fairnessOf } from './fairness.ts'
import type { GuaranteeRow } from './verdict/index.ts'

/** The rows of the fairness table that are guarantees: what verdicts name when it differs. Pure. */
export function guaranteeRows(result: Pick<ExperimentResult, 'sides' | 'workload'>): readonly GuaranteeRow[] {
  return fairnessOf(result)
    .rows.filter(({ isGuarantee }) => isGuarantee)
    .map(({ name, values }) => ({ name, values }))
}
