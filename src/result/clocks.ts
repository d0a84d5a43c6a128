import type { WorkerRole } from '../engine/types.ts'

/** The clock of a worker that does not share the supervisor's. */
export interface WorkerClock {
  readonly role: WorkerRole
  readonly index: number
  /** The worker's clock minus the supervisor's at `atUs` of the supervisor's clock, after the drain. */
  readonly offsetUs: number
  readonly atUs: number
  /** How much it gains. */
  readonly driftPpm: number
  /** How wrong the worker's time of the run was at most during measure. */
  readonly boundUs: number
  readonly exchanges: number
  /** How often the clock was set or slewed meanwhile, so that what was known of it had to go. */
  readonly restarts: number
}
