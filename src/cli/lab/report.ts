import { join } from 'node:path'
import { EXIT, type ExitCode, gravest } from '../../errors/exit-codes.ts'
import type { FoundExperiment } from '../../lab/experiment/folder.ts'
import { withCustomFigures } from '../../metrics/index.ts'
import { metricsModel } from '../../report/metrics.ts'
import { renderTable, renderVerdict } from '../../report/terminal.ts'
import { writeReport } from '../../report/write-report.ts'
import { writeFileAtomic } from '../../result/atomic-file.ts'
import { exitCodeOf } from '../../result/exit-code.ts'
import type { ExperimentResult } from '../../result/result.ts'
import { readResult } from '../../result/store.ts'
import type { Plan } from '../../workload/model.ts'
import type { Output } from '../output.ts'

/** Results of an experiment's runs that are here, with their reports. */
export interface LabReports {
  /** `index.html` of each run. */
  readonly files: readonly string[]
  readonly results: readonly ExperimentResult[]
}

/** Makes the report of every run whose result was brought, each in the run's folder; no broker and no AWS is needed. */
export async function writeLabReports(
  { folder, record }: FoundExperiment,
  metrics: Plan['metrics'] = null,
): Promise<LabReports> {
  const files: string[] = []
  const results: ExperimentResult[] = []
  for (const run of record.runs) {
    const directory = join(folder.runsDirectory, run.folder)
    const stored = await readResult(directory).catch(() => null)
    if (stored === null) continue
    const result = metrics === null ? stored.result : await withCustomFigures(stored.result, metrics)
    if (metrics !== null)
      await writeFileAtomic(join(directory, 'result.json'), `${JSON.stringify(result, null, 1)}\n`)
    files.push((await writeReport(result, directory)).html)
    results.push(result)
  }
  return { files, results }
}

/** `bench report` of a cloud experiment: every run that was brought; the gravest of their exit codes. */
export async function reportLab(
  found: FoundExperiment,
  metrics: Plan['metrics'],
  flags: { readonly json: boolean; readonly quiet: boolean },
  out: Output,
): Promise<ExitCode> {
  const { files, results } = await writeLabReports(found, metrics)
  const { experimentId, state, applyToReadyMs, runs } = found.record
  if (flags.json)
    out.stdout(JSON.stringify({ experimentId, state, applyToReadyMs, runs: results.map(metricsModel) }))
  else for (const result of results) for (const line of linesOf(result, flags.quiet, out)) out.stdout(line)
  for (const file of files) out.stderr(`report: ${file}`)
  if (results.length < runs.length || runs.length === 0)
    out.stderr(`${experimentId}: ${results.length} of ${runs.length} runs have a result here`)
  return results.length === 0 ? EXIT.partial : gravest(results.map(exitCodeOf))
}

/** What is printed of a run. */
export function linesOf(result: ExperimentResult, quiet: boolean, out: Output): readonly string[] {
  const isEmpty = result.sides.every((side) => side.trials.length === 0)
  const render = quiet || isEmpty ? renderVerdict : renderTable
  return render(result, { columns: out.columns, color: out.interactive })
}
