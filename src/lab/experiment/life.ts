import { hostname } from 'node:os'
import { identify, isSame } from '../../brokers/process/index.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'
import { EXIT } from '../../errors/exit-codes.ts'
import { describeFailure, failureKind } from '../aws/failure.ts'
import type { LabContext } from '../aws/settings.ts'
import { type LabEnvironment, labContext } from './environment.ts'
import { type FoundExperiment, type LabFolder, readRecord, writeRecord } from './folder.ts'
import { type ExperimentLog, openLog } from './log.ts'
import type { ExperimentDriver, ExperimentRecord, ExperimentState, ExperimentStep } from './record.ts'

/** An experiment that this process works on: its record, its log, and AWS where it is. */
export interface Life {
  readonly folder: LabFolder
  readonly log: ExperimentLog
  readonly context: LabContext
  readonly environment: LabEnvironment
  record(): ExperimentRecord
  /** Changes the record, and writes it before it resolves. */
  update(change: Partial<ExperimentRecord>): Promise<void>
  /** Carries out a step: when it began and how it ended is written down. Rejects with what the step rejects with. */
  step<T>(name: string, body: () => Promise<T>): Promise<T>
  /** The work of this process is over; the experiment is left in this state. */
  release(state: ExperimentState): Promise<void>
}

/** The process that we are, as the record names it. */
export function thisDriver(): ExperimentDriver {
  return { pid: process.pid, host: hostname(), start: identify(process.pid)?.start ?? 'unknown' }
}

/** What became of the process that works on an experiment. */
export function driverState({ driver }: ExperimentRecord): 'none' | 'alive' | 'dead' | 'elsewhere' {
  if (driver === null) return 'none'
  if (driver.host !== hostname()) return 'elsewhere'
  return isSame(driver) ? 'alive' : 'dead'
}

/**
 * Takes an experiment into work. Throws `AppError('USAGE')` when another process works on it; one that has died does
 * not count. `isForced`: nor does one on another machine, of which nobody here can know.
 */
export async function takeUp(
  { folder, record }: FoundExperiment,
  state: ExperimentState,
  environment: LabEnvironment,
  { isForced = false } = {},
): Promise<Life> {
  // Looked at again: the other one may have begun meanwhile.
  const now = (await readRecord(folder)) ?? record
  const others = driverState(now)
  const { driver } = now
  const isOurs = driver?.pid === process.pid && others === 'alive'
  if (driver !== null && !isOurs && (others === 'alive' || (others === 'elsewhere' && !isForced))) {
    throw new AppError(
      'USAGE',
      `expected nobody else to work on ${folder.id}, got process ${driver.pid} on ${driver.host}`,
      {
        hint:
          others === 'alive'
            ? 'wait for it, or end it by Ctrl-C'
            : `if it is gone: bench cleanup --experiment-id ${folder.id} --execute`,
      },
    )
  }
  const life = openLife(folder, now, environment)
  await life.update({ state, driver: thisDriver() })
  return life
}

/** A life over a record that is ours already. */
export function openLife(folder: LabFolder, initial: ExperimentRecord, environment: LabEnvironment): Life {
  const log = openLog(folder.logFile, () => environment.clock.wallMs(), environment.print)
  let record = initial
  const update = async (change: Partial<ExperimentRecord>) => {
    record = { ...record, ...change }
    await writeRecord(record, folder)
  }
  const nowMs = () => environment.clock.wallMs()
  const step = async <T>(name: string, body: () => Promise<T>): Promise<T> => {
    const startedMs = nowMs()
    const index = record.steps.length
    const end = (outcome: ExperimentStep['outcome'], error: string | null) => {
      const ended = { name, startedMs, endedMs: nowMs(), outcome, error }
      return update({ steps: record.steps.map((each, i) => (i === index ? ended : each)) })
    }
    log.tell(`${name}: begins`)
    const begun: ExperimentStep = { name, startedMs, endedMs: null, outcome: 'running', error: null }
    await update({ steps: [...record.steps, begun] })
    try {
      const value = await body()
      log.tell(`${name}: done after ${seconds(nowMs() - startedMs)}`)
      await end('done', null)
      return value
    } catch (thrown) {
      const error = failureOf(name, thrown)
      const { exitCode } = error as Partial<AppError>
      const isOurs = exitCode === EXIT.interrupted || exitCode === EXIT.terminated
      log.tell(`${name}: ${isOurs ? 'interrupted' : 'failed'} after ${seconds(nowMs() - startedMs)}`)
      log.log(`${name}: ${messageOf(error)}`)
      // What went wrong matters more than that it could not be written down.
      await end(isOurs ? 'interrupted' : 'failed', messageOf(error).split('\n')[0]!).catch(() => {})
      throw error
    }
  }
  return {
    ...{ folder, log, environment, update, step },
    context: labContext(record.region, environment, log),
    record: () => record,
    release: (state) => update({ state, driver: null }),
  }
}

/** What AWS refuses is told as such; anything else stays as it is. */
function failureOf(step: string, thrown: unknown): unknown {
  const isFromAws = thrown instanceof Error && '$metadata' in thrown
  if (!isFromAws) return thrown
  const hint =
    failureKind(thrown) === 'denied'
      ? 'docs/aws-lab.md lists the rights that the lab needs'
      : 'the log of the experiment tells what came before'
  const what = `expected ${step} to succeed, AWS refused: ${describeFailure(thrown)}`
  return new AppError('PREPARE', what, { hint, cause: thrown })
}

/** `71 s`, `0.4 s`. */
export function seconds(durationMs: number): string {
  return `${durationMs < 10_000 ? (durationMs / 1000).toFixed(1) : Math.round(durationMs / 1000)} s`
}
