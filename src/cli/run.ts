import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFloor } from '../calibrate/index.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { headlineOf } from '../compare/headline.ts'
import { DRIVERS } from '../drivers/registry.ts'
import { AppError } from '../errors/app-error.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { isTestPlan } from '../lab/plan/test-plan.ts'
import { checkMetrics, withCustomFigures } from '../metrics/index.ts'
import { renderTable, renderVerdict } from '../report/terminal.ts'
import { writeReport } from '../report/write-report.ts'
import { writeFileAtomic } from '../result/atomic-file.ts'
import { exitCodeOf } from '../result/exit-code.ts'
import { benchHome, createExperiment } from '../result/experiment-folder.ts'
import type { TestRunMark } from '../result/result.ts'
import { writeResult } from '../result/store.ts'
import type { RunEvent } from '../run/events.ts'
import { runExperiment } from '../run/experiment.ts'
import { checkCapabilities } from '../workload/capability-check.ts'
import type { Plan } from '../workload/model.ts'
import { makePlan } from '../workload/plan.ts'
import type { PlanFlags } from '../workload/plan-options.ts'
import { secretHider } from '../workload/secret-values.ts'
import { maskText } from '../workload/secrets.ts'
import { readYaml } from '../workload/yaml-source.ts'
import { tellJobSummary } from './job-summary.ts'
import { type LiveView, openLiveView } from './live-view.ts'
import type { Output } from './output.ts'
import { progressPrinter } from './progress.ts'

export type RunOptions = PlanFlags & {
  readonly json: boolean
  readonly quiet: boolean
  /** Port of the live view, 0 for any; absent or null for none. */
  readonly livePort?: number | null
  /** Measure the noise floor first, where none is kept; default true. */
  readonly calibrate?: boolean
}

/** `bench run`: plans, runs every side, writes result and report, prints the verdict and the table. */
export async function runRun(
  workloadFile: string,
  options: RunOptions,
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (isTestPlan(await readYaml(workloadFile))) {
    const hint = `bench run --test-plan ${workloadFile}`
    throw new AppError('USAGE', `expected a workload, got a test plan in ${workloadFile}`, { hint })
  }
  const made = await makePlan({ ...options, workloadFile })
  const plan = { ...made, notes: [...made.notes, ...(await checkCapabilities(made))] }
  return await runPlanned(plan, options, argv, out, signal)
}

/** Runs a plan in an experiment of its own; `options.testRun` says which run of a test plan it is. */
export async function runPlanned(
  plan: Plan,
  options: RunOptions & { readonly testRun?: TestRunMark },
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (plan.metrics !== null) await checkMetrics(plan.metrics, signal)
  const live = await openLiveView(options.livePort ?? null, plan, out.stderr)
  try {
    return await measure(plan, live, options, argv, out, signal)
  } finally {
    await live.close()
  }
}

async function measure(
  plan: Plan,
  live: LiveView,
  options: RunOptions & { readonly testRun?: TestRunMark },
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const home = benchHome()
  const clock = new SystemClock()
  const experiment = await createExperiment(clock.wallMs(), home)
  const hider = secretHider(plan.sides, DRIVERS)
  await writeFileAtomic(experiment.workloadFile, hider.text(plan.workloadSource))
  const progress = progressPrinter(out, options)
  const tell = (told: RunEvent) => {
    const event = hider.data(told)
    progress(event)
    live.tell(event)
    if (options.json) out.stdout(JSON.stringify(event))
    appendLog(experiment.logFile, event)
  }
  tell({ kind: 'experiment', id: experiment.id, directory: experiment.directory })
  if (live.url !== null) {
    // Also when quiet: nobody could guess a free port.
    out.stderr(`live: ${live.url}`)
    tell({ kind: 'live', url: live.url })
  }
  if (!options.quiet) for (const note of plan.notes) out.stderr(`note: ${note}`)

  const floor = await runFloor({
    clock,
    signal,
    tell: (line) => tell({ kind: 'log', side: 'this machine', line }),
    mayMeasure: options.calibrate !== false && !process.env.BENCH_NO_CALIBRATE,
  })
  const measured = await runExperiment({
    plan,
    ...(options.testRun && { testRun: options.testRun }),
    experiment,
    floor,
    command: ['bench', ...argv].map(maskText),
    clock,
    home,
    tell,
    signal,
    onTrial: live.takeResult,
    brokersDirectory: join(home, 'brokers', `run-${experiment.id}`),
  })
  // What a module wrote may repeat a secret, like anything else that is not ours.
  const result =
    plan.metrics === null ? measured : hider.data(await withCustomFigures(measured, plan.metrics))
  // Before anything is written: a full disk must not keep back what was found.
  if (!options.json) {
    const nothingMeasured = result.sides.every((side) => side.trials.length === 0)
    const render = options.quiet || nothingMeasured ? renderVerdict : renderTable
    for (const line of render(result, { columns: out.columns, color: out.interactive })) out.stdout(line)
  }
  await writeResult(result, home)
  const files = await writeReport(result, experiment.directory)
  await tellJobSummary(result, out)
  const { first: sentence, tone } = headlineOf(result)
  live.end({ sentence, tone, report: files.html })
  if (!options.quiet) out.stderr(`report: ${files.html}`)
  if (signal.aborted && signal.reason instanceof AppError) return signal.reason.exitCode
  return exitCodeOf(result)
}

/**
 * At once and in order: what is written later may never be, when the process ends first. A few lines a second. The log is
 * a courtesy: a full disk shows when the result is written, not here.
 */
function appendLog(file: string, event: RunEvent): void {
  try {
    appendFileSync(file, `${new Date().toISOString()} ${JSON.stringify(event)}\n`)
  } catch {
    // See above.
  }
}
