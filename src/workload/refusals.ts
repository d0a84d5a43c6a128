import { UNBOUNDED_RATE_HZ } from './limits.ts'
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
  const rate = fields.producerRate
  if (rate !== undefined && rate >= UNBOUNDED_RATE_HZ) {
    const what = `expected producerRate below ${UNBOUNDED_RATE_HZ}, got ${rate}: sending as fast as it goes is not yet there`
    refuse('producerRate', what, 'set producerRate, or --rate, to the messages a second to offer')
  }
  return refusals
}
