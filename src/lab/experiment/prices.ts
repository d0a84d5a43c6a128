import type { LabConfig } from '../config/lab-config.ts'
import type { ExperimentRecord } from './record.ts'

/** What an experiment is estimated to cost, in US dollars. */
export interface Price {
  readonly usd: number
  readonly usdPerHour: number
  /** For the reader, e.g. which prices were not known; may be empty. */
  readonly lines: readonly string[]
}

/** Estimates of prices. Null where something has no known price. */
export interface LabPrices {
  /** Of an experiment of this configuration that lasts so long. */
  ofPlan(config: LabConfig, hours: number): Price | null
  /** Of what the record says was used until now. */
  ofRecord(record: ExperimentRecord, nowMs: number): Price | null
}
