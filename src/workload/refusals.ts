import type { Problem } from './problem.ts'
import type { WorkloadFields } from './workload-schema.ts'

/** Something a workload asks for that cannot be had. */
export interface Refusal {
  /** The field that asks for it; an option that overrides the field lifts the refusal. */
  readonly field: keyof WorkloadFields
  readonly problem: Problem
}
