import type { Waiting } from '../aws/retry.ts'
import type { LabContext } from '../aws/settings.ts'
import type { ExperimentLog } from './log.ts'
import type { LabPrices } from './prices.ts'

/** How long things may take. */
export interface LabLimits {
  /** From the end of the apply until the agents of all instances answer. */
  readonly managedMs: number
  /** From then until all have booted. */
  readonly readyMs: number
  /** Of each wait within a clean-up. */
  readonly cleanupWaitMs: number
  /** How often it is looked whether instances are there and the cost is below its limit. */
  readonly watchEveryMs: number
}

export const LAB_LIMITS: LabLimits = {
  managedMs: 600_000,
  readyMs: 900_000,
  cleanupWaitMs: 600_000,
  watchEveryMs: 15_000,
}

/** What cloud experiments need of the process they live in. */
export interface LabEnvironment extends Waiting {
  /** Folder of all experiments. */
  readonly home: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly limits: LabLimits
  /** Null where prices are not known; then there is no limit on costs either. */
  readonly prices: LabPrices | null
  /** One line for the person who waits. */
  readonly print: (line: string) => void
}

/** What calls of AWS in this region need. `AWS_ENDPOINT_URL` names a stand-in, as it does for AWS's own tools. */
export function labContext(region: string, environment: LabEnvironment, log: ExperimentLog): LabContext {
  const endpoint = environment.variables.AWS_ENDPOINT_URL
  const { clock, random } = environment
  return { clock, random, aws: { region, ...(endpoint && { endpoint }) }, log: log.log }
}
