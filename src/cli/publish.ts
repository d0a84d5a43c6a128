import { AppError, messageOf } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { parseDestination } from '../publish/destination.ts'
import { actionsRunLink, appendJobSummary, jobSummaryFile } from '../publish/github.ts'
import { jobSummary, type SummaryLink } from '../publish/job-summary.ts'
import { MAX_SUMMARY_BYTES } from '../publish/limits.ts'
import { type Published, publish } from '../publish/publish.ts'
import type { PublishedExperiment } from '../publish/publish-experiment.ts'
import { redacted } from '../publish/redact.ts'
import { benchHome } from '../result/experiment-folder.ts'
import { plural } from '../result/figures.ts'
import type { ExperimentResult } from '../result/result.ts'
import { experimentIds, readResult } from '../result/store.ts'
import type { Output } from './output.ts'

export interface PublishVerbOptions {
  readonly to: string | undefined
  readonly site: boolean
  readonly summary: boolean
  /** Public address of the destination, for links. */
  readonly url: string | undefined
  readonly endpoint: string | undefined
  readonly region: string | undefined
  readonly json: boolean
  readonly quiet: boolean
}

/** `bench publish`: artifacts of experiments to a folder or S3, as a site if asked, and the job summary of GitHub. */
export async function runPublish(
  names: readonly string[],
  options: PublishVerbOptions,
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  checkOptions(options)
  const home = benchHome()
  const wanted = await findAll(names.length === 0 ? ['latest'] : names, home, out)
  const published =
    options.to === undefined ? null : await publishTo(options.to, wanted, options, home, out, signal)
  await summarise(wanted, published, options, home, out)
  if (options.json && published !== null) out.stdout(JSON.stringify(published))
  return EXIT.ok
}

function checkOptions({ to, site, summary, url, json }: PublishVerbOptions): void {
  const usage = (message: string) =>
    new AppError('USAGE', message, {
      hint: 'bench publish latest --to DIR|s3://bucket/prefix [--site] [--summary]',
    })
  if (to === undefined && !summary)
    throw usage('expected --to with a folder or s3://bucket/prefix, or --summary; got neither')
  if (summary && json && jobSummaryFile(process.env) === null)
    throw usage('expected --summary or --json, got both for stdout')
  if (to === undefined && site) throw usage('expected --to with --site, got none')
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw usage(`expected --url as http(s)://…, got ${JSON.stringify(url)}`)
  if (to !== undefined) parseDestination(to)
}

/**
 * Names for `readResult`, each readable: whatever is wrong with any of them is told before anything is published. With `all`
 * those that cannot be read are only told.
 */
async function findAll(names: readonly string[], home: string, out: Output): Promise<readonly string[]> {
  const found: string[] = []
  const problems: AppError[] = []
  for (const name of names) {
    const isAll = name === 'all'
    const each = isAll ? await experimentIds(home) : [name]
    if (isAll && each.length === 0) await readResult('latest', home)
    for (const one of each) {
      try {
        await readResult(one, home)
        if (!found.includes(one)) found.push(one)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        if (isAll) out.stderr(`note: ${one} is left out: ${messageOf(error)}`)
        else problems.push(error)
      }
    }
  }
  if (problems.length === 1) throw problems[0]
  if (problems.length > 1) throw new AppError('CONFIG', problems.map(({ message }) => message).join('\n'))
  return found
}

async function* resultsOf(names: readonly string[], home: string): AsyncGenerator<ExperimentResult> {
  for (const name of names) yield (await readResult(name, home)).result
}

async function publishTo(
  to: string,
  names: readonly string[],
  options: PublishVerbOptions,
  home: string,
  out: Output,
  signal: AbortSignal,
): Promise<Published> {
  const tell = (experiment: PublishedExperiment) => {
    for (const note of experiment.notes) out.stderr(`note: ${note}`)
    if (!options.quiet && !options.json) out.stdout(experimentLine(experiment))
  }
  const environment = process.env
  const published = await publish(resultsOf(names, home), { ...options, to, home, environment }, tell, signal)
  const { site, destination } = published
  for (const note of site?.notes ?? []) out.stderr(`note: ${note}`)
  if (!options.quiet && !options.json && site !== null) {
    out.stdout(`site of ${site.experiments} experiments: ${countsText(site)}`)
  }
  if (!options.quiet) out.stderr(`published to ${destination}`)
  return published
}

function experimentLine({ id, written, unchanged, removed }: PublishedExperiment): string {
  return `${id}: ${countsText({ written, unchanged, removed })}`
}

function countsText({
  written,
  unchanged,
  removed,
}: Pick<PublishedExperiment, 'written' | 'unchanged' | 'removed'>) {
  const gone = removed.length === 0 ? '' : `, ${removed.length} removed`
  return `${written.length} written, ${unchanged} unchanged${gone}`
}

/** In GitHub Actions always, elsewhere on stdout when asked. */
async function summarise(
  names: readonly string[],
  published: Published | null,
  options: PublishVerbOptions,
  home: string,
  out: Output,
): Promise<void> {
  const file = jobSummaryFile(process.env)
  if (file === null && !options.summary) return
  let told = 0
  for await (const result of resultsOf(names, home)) {
    const links = linksOf(result, published, options.url)
    if (file === null) out.stdout(jobSummary(redacted(result), links, MAX_SUMMARY_BYTES))
    else if (!(await appendJobSummary(file, result, links))) {
      out.stderr(`note: the job summary is full: ${plural(names.length - told, 'experiment')} left out`)
      return
    }
    told++
  }
}

function linksOf(
  result: ExperimentResult,
  published: Published | null,
  url: string | undefined,
): readonly SummaryLink[] {
  const experiment = published?.experiments.find(({ id }) => id === result.id)
  const links: SummaryLink[] = []
  if (experiment !== undefined) {
    const address = url === undefined ? null : `${url.replace(/\/+$/, '')}/${experiment.page}`
    links.push({
      text: address === null ? `Report: ${published?.destination}/${experiment.page}` : 'Report',
      address,
    })
  }
  const run = actionsRunLink(process.env)
  return run === null ? links : [...links, run]
}
