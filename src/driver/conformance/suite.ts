import { abortChecks } from './checks/abort.ts'
import { deliveryChecks } from './checks/delivery.ts'
import { figureChecks } from './checks/figures.ts'
import { lifeCycleChecks } from './checks/life-cycle.ts'
import { pauseChecks } from './checks/pause.ts'
import { settlementChecks } from './checks/settlement.ts'
import { subscriptionChecks } from './checks/subscription.ts'
import { termsChecks } from './checks/terms.ts'
import { runCheck } from './session.ts'
import type { ConformanceCheck, ConformanceSubject } from './subject.ts'

/** Every property of the driver contract, in the order in which they make sense to read. */
export const CONFORMANCE_CHECKS: readonly ConformanceCheck[] = [
  ...lifeCycleChecks,
  ...termsChecks,
  ...settlementChecks,
  ...deliveryChecks,
  ...subscriptionChecks,
  ...pauseChecks,
  ...figureChecks,
  ...abortChecks,
]

/** The two functions of a test runner that the suite needs; those of `bun:test` fit. */
export interface TestRunner {
  describe(name: string, body: () => void): void
  test(name: string, body: () => Promise<void>, timeoutMs: number): void
}

/** Cleaning up has a limit of its own after the check's. */
const CLEANUP_MS = 15_000

/**
 * Registers one test for each check that applies to the subject's capabilities. Drivers are wrapped in the guard here;
 * the server is shared by all checks, each with topics of its own that it deletes.
 */
export function conformanceSuite(subject: ConformanceSubject, runner: TestRunner): void {
  runner.describe(`driver conformance: ${subject.name}`, () => {
    for (const check of CONFORMANCE_CHECKS) {
      if (!check.appliesTo(subject.capabilities)) continue
      runner.test(check.name, () => runCheck(check, subject), subject.timeoutMs + CLEANUP_MS)
    }
  })
}
