import { appendFile, stat } from 'node:fs/promises'
import { AppError, messageOf } from '../errors/app-error.ts'
import type { ExperimentResult } from '../result/result.ts'
import { jobSummary, type SummaryLink } from './job-summary.ts'
import { MAX_SUMMARY_BYTES } from './limits.ts'
import { redacted } from './redact.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The file that GitHub Actions shows as the summary of a job; null elsewhere. */
export function jobSummaryFile(environment: Environment): string | null {
  return environment.GITHUB_STEP_SUMMARY || null
}

/** Where the run's page is, with what the job keeps as artifacts; null outside of Actions. */
export function actionsRunLink(environment: Environment): SummaryLink | null {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = environment
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY || !GITHUB_RUN_ID) return null
  const address = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
  return { text: 'This run and its artifacts', address }
}

/**
 * Appends an experiment to the summary of the job, secrets masked, so that the whole file keeps to its limit. Returns false
 * when there was no room left for it. Throws `AppError('STORAGE')`.
 */
export async function appendJobSummary(
  file: string,
  result: ExperimentResult,
  links: readonly SummaryLink[],
): Promise<boolean> {
  try {
    const usedBytes = await stat(file).then(
      ({ size }) => size,
      () => 0,
    )
    const separator = usedBytes === 0 ? '' : '\n'
    const text = jobSummary(redacted(result), links, MAX_SUMMARY_BYTES - usedBytes - separator.length)
    if (text === '') return false
    await appendFile(file, separator + text)
    return true
  } catch (error) {
    throw new AppError('STORAGE', `could not write the job summary ${file}: ${messageOf(error)}`, {
      hint: 'GITHUB_STEP_SUMMARY must name a file that can be written; unset it to do without',
      cause: error,
    })
  }
}
