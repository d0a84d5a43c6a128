import type { Problem } from './problem.ts'
import type { Locator } from './validate.ts'
import type { WorkloadFields } from './workload-schema.ts'

/** Something a workload asks for that `bench` knows and cannot do yet. */
export interface Refusal {
  /** The field that asks for it; an option that overrides the field lifts the refusal. */
  readonly field: keyof WorkloadFields
  readonly problem: Problem
}

/** What the fields ask for and does not exist yet; nothing is accepted and then ignored. */
export function refusalsOf(fields: WorkloadFields, locator: Locator): Refusal[] {
  const refusals: Refusal[] = []
  const refuse = (field: keyof WorkloadFields, what: string, hint: string) =>
    refusals.push({ field, problem: { where: locator.whereIs([field]), what, hint } })
  if (fields.consumerBacklogSizeGB > 0) {
    const what = `expected consumerBacklogSizeGB to be 0, got ${fields.consumerBacklogSizeGB}: backlog tests are not yet there`
    refuse('consumerBacklogSizeGB', what, 'set it to 0 to measure without a backlog')
  }
  return refusals
}
