import { messageOf } from '../errors/app-error.ts'
import { actionsRunLink, appendJobSummary, jobSummaryFile } from '../publish/github.ts'
import type { ExperimentResult } from '../result/result.ts'
import type { Output } from './output.ts'

/** In GitHub Actions: the experiment in the summary of the job. What fails here is told and changes no verdict. */
export async function tellJobSummary(result: ExperimentResult, out: Output): Promise<void> {
  const file = jobSummaryFile(process.env)
  if (file === null) return
  try {
    const link = actionsRunLink(process.env)
    if (await appendJobSummary(file, result, link === null ? [] : [link])) return
    out.stderr('note: the job summary is full: this experiment is left out')
  } catch (error) {
    out.stderr(`note: ${messageOf(error)}`)
  }
}
