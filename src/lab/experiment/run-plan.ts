import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { EXIT, type ExitCode, gravest } from '../../errors/exit-codes.ts'
import { describePlan } from '../../workload/describe-plan.ts'
import { formatDuration } from '../../workload/duration.ts'
import { openRemoteShell, type RemoteShell } from '../aws/ssm.ts'
import type { CloudPlan, CloudRun } from './cloud-plan.ts'
import { collectRun } from './collect.ts'
import type { Life } from './life.ts'
import type { ExperimentInstance, ExperimentRun } from './record.ts'
import { remoteName, remoteScript } from './remote-run.ts'
import { isComplete } from './run-state.ts'

/** Over what the plan says at most: packages, slow starts. */
const RUN_MARGIN_MS = 600_000
/** What is brought although the run was cut off: it must not take long. */
const LAST_COLLECT_MS = 60_000
const TOLD_EVERY_MS = 60_000
/** Findings about what was measured: the run itself went well. */
const FINDINGS: readonly number[] = [
  EXIT.ok,
  EXIT.slo,
  EXIT.invalid,
  EXIT.regression,
  EXIT.violated,
  EXIT.partial,
]

/** Where runs happen. One load generator now; a fleet of them has one that leads the others. */
export interface LoadGenerators {
  readonly lead: ExperimentInstance
  readonly others: readonly ExperimentInstance[]
}

/** The load generators of an experiment. Throws `AppError('PREPARE')` when it has none. */
export function loadGenerators({ instances }: { instances: readonly ExperimentInstance[] }): LoadGenerators {
  const [lead, ...others] = instances.filter(({ role, endedMs }) => role === 'client' && endedMs === null)
  if (lead !== undefined) return { lead, others }
  throw new AppError('PREPARE', 'expected a load generator (role client), the experiment has none', {
    hint: 'set it up again: bench setup --experiment-id ID',
  })
}

/**
 * Runs what is not done yet, one after another, on the load generator, and brings the results. Gives the gravest finding.
 * Throws at the first run that fails: an `AppError` with the exit code that `bench` ended with there.
 */
export async function runPlan(plan: CloudPlan, life: Life, signal: AbortSignal): Promise<ExitCode> {
  const { lead, others } = loadGenerators(life.record())
  if (others.length > 0) life.log.tell(`note: runs use ${lead.name} alone; ${others.length} others are idle`)
  const codes: ExitCode[] = []
  const shell = await openRemoteShell(life.context)
  try {
    for (const [index, run] of plan.runs.entries()) {
      const name = `run ${index + 1} of ${plan.runs.length}: ${run.name}`
      const done = life.record().runs.find((each) => isSame(each, run) && each.outcome === 'done')
      if (done !== undefined) {
        life.log.tell(`${name}: done already`)
        codes.push(done.exitCode as ExitCode)
        continue
      }
      codes.push(await life.step(name, () => runOne(run, { lead, shell }, life, signal)))
    }
  } finally {
    shell.close()
  }
  return gravest(codes)
}

function isSame({ id, plan, digest }: ExperimentRun, { mark }: CloudRun): boolean {
  return id === mark.run && plan === mark.plan && digest === mark.digest
}

interface Place {
  readonly lead: ExperimentInstance
  readonly shell: RemoteShell
}

async function runOne(run: CloudRun, place: Place, life: Life, signal: AbortSignal): Promise<ExitCode> {
  const earlier = life.record().runs.find((each) => isSame(each, run))
  const attempt = earlier === undefined ? 1 : (earlier.attempt ?? 1) + 1
  const name = remoteName(run, attempt)
  const begun: ExperimentRun = {
    ...{ id: run.id, folder: name, attempt, name: run.name, plan: run.mark.plan, digest: run.mark.digest },
    ...{ startedMs: life.environment.clock.wallMs(), endedMs: null, exitCode: null, outcome: 'running' },
  }
  const set = (change: Partial<ExperimentRun>) => {
    const others = life.record().runs.filter((each) => !isSame(each, run))
    return life.update({ runs: [...others, { ...begun, ...change }] })
  }
  let exitCode: number | null = null
  const end = (outcome: ExperimentRun['outcome']) =>
    set({ endedMs: life.environment.clock.wallMs(), exitCode, outcome })
  await set({})
  try {
    exitCode = await measure(run, name, place, life, signal)
    const result = await collectRun(run, name, life, signal)
    if (!FINDINGS.includes(exitCode)) throw failed(run, name, exitCode, life)
    if (result === null) throw noResult(run, name, life)
    await end(isComplete(result, run.mark) ? 'done' : 'failed')
    return exitCode as ExitCode
  } catch (error) {
    if (signal.aborted)
      await collectRun(run, name, life, AbortSignal.timeout(LAST_COLLECT_MS)).catch((late) =>
        life.log.log(`nothing could be brought of ${run.name}: ${late}`),
      )
    await end('failed').catch(() => {})
    throw error
  }
}

async function measure(
  run: CloudRun,
  name: string,
  { lead, shell }: Place,
  life: Life,
  signal: AbortSignal,
): Promise<number> {
  const { bucket } = life.record()
  const limitMs = maximumMs(run) + RUN_MARGIN_MS
  const command = {
    ...{ instanceIds: [lead.id], title: `run ${name}`, script: remoteScript(run, name), limitMs },
    ...(bucket !== null && { output: { bucket, prefix: 'commands' } }),
  }
  const [outcome] = await tellingTime(run, life, () => shell.run(command, signal))
  const { status, exitCode, stdout, stderr } = outcome!
  for (const line of `${stdout}\n${stderr}`.split('\n'))
    if (line.trim() !== '') life.log.log(`${name}: ${line}`)
  if ((status === 'success' || status === 'failed') && exitCode !== null) return exitCode
  throw new AppError(
    'PREPARE',
    `expected ${run.name} to run on ${lead.name} (${lead.id}), its command was ${status}`,
    {
      hint: `look at it with bench logs --role client; all that was said is in ${life.folder.logFile}`,
    },
  )
}

/** Nothing is heard of a run until it has ended: a line now and then says that somebody waits for it. */
async function tellingTime<T>({ name, plan }: CloudRun, life: Life, body: () => Promise<T>): Promise<T> {
  const { clock } = life.environment
  const sinceMs = clock.wallMs()
  const aboutS = describePlan(plan).totalSeconds
  let timer = clock.schedule(TOLD_EVERY_MS, tell)
  function tell() {
    const soFar = formatDuration(Math.round((clock.wallMs() - sinceMs) / 1000))
    life.log.tell(`${name}: for ${soFar} now, of about ${formatDuration(aboutS)}`)
    timer = clock.schedule(TOLD_EVERY_MS, tell)
  }
  try {
    return await body()
  } finally {
    timer.cancel()
  }
}

function maximumMs({ plan }: CloudRun): number {
  const { warmupS, durationS } = plan.workload
  // A start, its drain and its end, for each trial.
  return plan.order.length * (warmupS + durationS + 120) * 1000
}

function failed(run: CloudRun, name: string, exitCode: number, life: Life): AppError {
  const known = Object.values(EXIT).find((code) => code === exitCode)
  const last = join(life.folder.runsDirectory, name, 'bench-run.log')
  return new AppError(
    'PREPARE',
    `expected ${run.name} to be measured, bench ended with ${exitCode} on the load generator`,
    {
      hint: `its last words are in ${last} and ${life.folder.logFile}`,
      exitCode: known ?? EXIT.unexpected,
    },
  )
}

function noResult(run: CloudRun, name: string, life: Life): AppError {
  return new AppError('PREPARE', `expected a result of ${run.name} in the bucket, found none`, {
    hint: `what was brought is in ${join(life.folder.runsDirectory, name)}`,
  })
}
