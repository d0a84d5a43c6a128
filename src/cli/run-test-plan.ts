import { AppError, messageOf } from '../errors/app-error.ts'
import { EXIT, type ExitCode, gravest } from '../errors/exit-codes.ts'
import { labExperiments } from '../lab/experiment/folder.ts'
import { type FinishedRun, finishedRun, planTestRuns, runStates } from '../lab/plan/resolve.ts'
import { benchHome } from '../result/experiment-folder.ts'
import { experimentIds, readResult } from '../result/store.ts'
import { checkCapabilities } from '../workload/capability-check.ts'
import type { Output } from './output.ts'
import { type RunOptions, runPlanned } from './run.ts'

/**
 * `bench run --test-plan FILE`: the runs of a plan one after the other, each an experiment of its own. Runs that are done
 * are not repeated; a run that fails does not end the others, Ctrl-C does. The gravest exit code of those that ran.
 */
export async function runTestPlan(
  file: string,
  options: RunOptions,
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { runs } = await planTestRuns({ ...options, file })
  const notes = new Map<string, readonly string[]>()
  // Before the first run: the last one must not be refused after an hour.
  for (const { id, plan } of runs) notes.set(id, await checkCapabilities(plan))
  const states = runStates(runs, await finishedRuns(benchHome(), options.quiet ? null : out))
  const codes: ExitCode[] = []
  for (const [index, { run, doneBy }] of states.entries()) {
    if (signal.aborted) break
    tell(out, options, { number: index + 1, of: states.length, run: run.id, name: run.name, doneBy })
    if (doneBy !== null) continue
    const plan = { ...run.plan, notes: [...run.plan.notes, ...notes.get(run.id)!] }
    codes.push(await runPlanned(plan, { ...options, testRun: run.mark }, argv, out, signal))
  }
  if (signal.aborted && signal.reason instanceof AppError) return signal.reason.exitCode
  return codes.length === 0 ? EXIT.ok : gravest(codes)
}

interface RunLine {
  readonly number: number
  readonly of: number
  readonly run: string
  readonly name: string
  readonly doneBy: string | null
}

function tell(out: Output, options: RunOptions, line: RunLine): void {
  const { number, of, name, doneBy } = line
  if (options.json) out.stdout(JSON.stringify({ kind: 'test-run', ...line }))
  if (options.quiet) return
  out.stderr(`test run ${number} of ${of}: ${name}${doneBy === null ? '' : `: done already by ${doneBy}`}`)
}

/** Of every experiment that can be read, only what is needed: results are large. */
async function finishedRuns(home: string, out: Output | null): Promise<FinishedRun[]> {
  const finished: FinishedRun[] = []
  const cloud = new Set((await labExperiments(home)).map(({ folder }) => folder.id))
  for (const id of (await experimentIds(home)).filter((each) => !cloud.has(each))) {
    try {
      const run = finishedRun((await readResult(id, home)).result)
      if (run !== null) finished.push(run)
    } catch (error) {
      out?.stderr(`note: ${id} is not looked at: ${messageOf(error)}`)
    }
  }
  return finished
}
