import packageJson from '../../package.json' with { type: 'json' }
import type { Clock } from '../clock/clock.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { ExperimentFolder } from '../result/experiment-folder.ts'
import { type ExperimentResult, RESULT_SCHEMA_VERSION, type SideResult } from '../result/result.ts'
import { writeResult } from '../result/store.ts'
import type { Plan } from '../workload/model.ts'
import type { Tell } from './events.ts'
import { describeHost } from './host.ts'
import { runSide } from './side.ts'

export interface ExperimentOptions {
  readonly plan: Plan
  readonly experiment: ExperimentFolder
  /** Folder of all experiments. */
  readonly home: string
  /** The command line, secrets masked. */
  readonly command: readonly string[]
  readonly seed: number
  readonly clock: Clock
  readonly tell: Tell
  readonly signal: AbortSignal
  readonly brokersDirectory: string
}

/**
 * Runs every side in turn, one broker up at a time, and writes the result after each, so that nothing measured is lost
 * when a later side fails. Ctrl-C ends the side under way and skips the rest. The caller writes the result that is
 * given back, and learns then when the disk is full; what was written before stays until then.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { plan, experiment, clock, signal } = options
  const startedAt = new Date(clock.wallMs()).toISOString()
  const host = describeHost()
  const sides: SideResult[] = []
  const snapshot = (partial: string | null): ExperimentResult => ({
    schemaVersion: RESULT_SCHEMA_VERSION,
    id: experiment.id,
    startedAt,
    endedAt: new Date(clock.wallMs()).toISOString(),
    benchVersion: packageJson.version,
    command: options.command,
    host,
    workload: plan.workload,
    workloadSource: plan.workloadSource,
    workers: plan.workers,
    sides,
    partial,
    notes: plan.notes,
    costs: { billing: 'not billed' },
  })
  await writeResult(snapshot('the experiment has not ended yet'), options.home)
  for (const side of plan.sides) {
    if (signal.aborted) {
      sides.push(skipped(side, messageOf(signal.reason)))
      continue
    }
    sides.push(await runSide({ ...options, side }))
    try {
      await writeResult(snapshot('the experiment has not ended yet'), options.home)
    } catch (error) {
      options.tell({ kind: 'log', side: side.label, line: messageOf(error) })
    }
  }
  return snapshot(partialReason(sides, signal))
}

function skipped(side: Plan['sides'][number], reason: string): SideResult {
  return {
    label: side.label,
    driver: side.driver,
    settings: side.settings,
    ignoredSettings: side.ignored,
    error: { message: `not run: ${reason}`, hint: null },
    trials: [],
  }
}

function partialReason(sides: readonly SideResult[], signal: AbortSignal): string | null {
  if (signal.aborted) return signal.reason instanceof AppError ? signal.reason.message : 'interrupted'
  const missing = sides.filter((side) => side.trials.length === 0)
  if (missing.length > 0) return `no trial of ${missing.map((side) => side.label).join(', ')}`
  const cut = sides.filter((side) => side.trials.some((trial) => trial.interrupted !== null))
  return cut.length > 0 ? `a trial of ${cut.map((side) => side.label).join(', ')} was cut short` : null
}
