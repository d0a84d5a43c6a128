import { AppError } from '../../errors/app-error.ts'
import { EXIT } from '../../errors/exit-codes.ts'
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
  /** What of a configuration has no known price. */
  unknownOf(config: LabConfig): readonly string[]
  /** Of what the record says was used until now. */
  ofRecord(record: ExperimentRecord, nowMs: number): Price | null
}

/** Throws an `AppError` with an exit code of its own when the estimate is above `--max-cost`, or cannot be made. */
export function requireAffordable(
  config: LabConfig,
  hours: number,
  maxCostUsd: number | null,
  prices: LabPrices | null,
): void {
  if (maxCostUsd === null) return
  const price = prices?.ofPlan(config, hours) ?? null
  if (price === null) {
    const unknown = prices?.unknownOf(config).join(', ') || 'all of them'
    throw new AppError('CONFIG', `--max-cost: expected known prices, got none of ${unknown}`, {
      hint: 'give them with --prices FILE (docs/costs.md), or go without --max-cost',
    })
  }
  if (price.usd <= maxCostUsd) return
  throw new AppError(
    'CONFIG',
    `--max-cost: expected an estimate of at most $${maxCostUsd.toFixed(2)}, got $${price.usd.toFixed(2)} for ${hours.toFixed(1)} hours`,
    { exitCode: EXIT.overBudget, hint: 'use smaller or fewer machines, a shorter plan, or spot instances' },
  )
}
