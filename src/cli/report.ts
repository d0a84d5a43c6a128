import type { ExitCode } from '../errors/exit-codes.ts'
import { checkMetrics, withCustomFigures } from '../metrics/index.ts'
import { metricsModel } from '../report/metrics.ts'
import { renderTable } from '../report/terminal.ts'
import { writeReport } from '../report/write-report.ts'
import { exitCodeOf } from '../result/exit-code.ts'
import { benchHome } from '../result/experiment-folder.ts'
import type { ExperimentResult } from '../result/result.ts'
import { readResult } from '../result/store.ts'
import { metricsModule } from '../workload/metrics-file.ts'
import { cloudExperiment } from './lab/list.ts'
import { reportLab } from './lab/report.ts'
import type { Output } from './output.ts'

export interface ReportOptions {
  /** An experiment id, `latest`, or the path of a result. */
  readonly experimentId: string
  /** Path of a module of custom figures, to compute for this report; null = those that are stored. */
  readonly metrics?: string | null
  readonly json: boolean
  readonly quiet: boolean
}

/**
 * `bench report`: makes the report anew from the stored result; no broker is needed. The exit code is the
 * experiment's own, so that a script that looks again learns the same.
 */
export async function runReport(
  options: ReportOptions,
  out: Output,
  signal: AbortSignal = new AbortController().signal,
): Promise<ExitCode> {
  const found = await cloudExperiment(options.experimentId, benchHome())
  if (found !== null) {
    const metrics = options.metrics == null ? null : await metricsModule(options.metrics)
    if (metrics !== null) await checkMetrics(metrics, signal)
    return await reportLab(found, metrics, options, out)
  }
  const { result: stored, directory } = await readResult(options.experimentId, benchHome())
  const result = await withFigures(stored, options.metrics ?? null, signal)
  const files = await writeReport(result, directory)
  if (options.json) out.stdout(JSON.stringify(metricsModel(result)))
  else if (!options.quiet) for (const line of renderTable(result, { columns: out.columns })) out.stdout(line)
  out.stderr(`report: ${files.html}`)
  return exitCodeOf(result)
}

/** For this report only: what the run itself computed stays in the result. */
async function withFigures(
  result: ExperimentResult,
  path: string | null,
  signal: AbortSignal,
): Promise<ExperimentResult> {
  if (path === null) return result
  const metrics = await metricsModule(path)
  await checkMetrics(metrics, signal)
  return await withCustomFigures(result, metrics)
}
