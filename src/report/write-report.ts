import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { storageError } from '../result/atomic-file.ts'
import { hgrmText, hlogText } from '../result/export/hdr.ts'
import { ombResult } from '../result/export/omb.ts'
import type { ExperimentResult } from '../result/result.ts'
import { ASSETS } from './assets.ts'
import { downloadsOf, MAX_PAGE_BYTES, NO_DOWNLOADS } from './downloads.ts'
import { costsModel, intervalsTable, metricsModel, metricsTable } from './metrics.ts'
import { TEMPLATES } from './templates.ts'
import { EXPORTED_LATENCIES, hgrmName, type NamedTrial, namedTrials, RAW_DATA } from './trial-files.ts'
import { htmlView } from './view.ts'

/** Where the files of a report lie. */
export interface ReportFiles {
  readonly directory: string
  readonly html: string
  readonly metricsCsv: string
  readonly metricsJson: string
  readonly costsJson: string
  readonly rawData: string
}

/**
 * Writes `report/` into an experiment's folder: `index.html`, `metrics.csv`, `metrics.json`, `costs.json`, and in `raw_data/`
 * a copy of the result, and of each trial the OMB result, percentile distributions (`.hgrm`, ms), interval logs
 * (`.hlog`) and its intervals as CSV. Needs nothing but the result; an older report is replaced only when the whole new
 * one is written. Throws `AppError('STORAGE')`.
 */
export async function writeReport(
  result: ExperimentResult,
  experimentDirectory: string,
): Promise<ReportFiles> {
  const files = reportFiles(experimentDirectory)
  const temporary = await makeTemporary(experimentDirectory)
  try {
    for (const [name, content] of reportContents(result)) await writeInto(temporary, name, content)
    await replaceDirectory(temporary, files.directory)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return files
}

/** Paths of a report, written or not. */
export function reportFiles(experimentDirectory: string): ReportFiles {
  const directory = join(experimentDirectory, 'report')
  return {
    directory,
    html: join(directory, 'index.html'),
    metricsCsv: join(directory, 'metrics.csv'),
    metricsJson: join(directory, 'metrics.json'),
    costsJson: join(directory, 'costs.json'),
    rawData: join(directory, RAW_DATA),
  }
}

/** Every file of a report: path below the report's folder, and text. Pure. */
export function* reportContents(result: ExperimentResult): Generator<readonly [string, string]> {
  const csv = TEMPLATES['report.csv'](metricsTable(result))
  const json = TEMPLATES['metrics.json'](metricsModel(result))
  const costs = TEMPLATES['costs.json'](costsModel(result))
  yield ['index.html', renderHtml(result, csv, json)]
  yield ['metrics.csv', csv]
  yield ['metrics.json', json]
  yield ['costs.json', costs]
  yield [`${RAW_DATA}/result.json`, `${JSON.stringify(result, null, 1)}\n`]
  for (const named of namedTrials(result)) yield* trialContents(result, named)
}

/** The page alone; downloads are inside it, as many as keep it below 1 MB. */
export function renderHtml(result: ExperimentResult, csv: string, json: string): string {
  const view = { ...htmlView(result), ...ASSETS }
  const bare = TEMPLATES['report.html']({ ...view, downloads: NO_DOWNLOADS })
  const downloads = downloadsOf(result, { csv, json }, MAX_PAGE_BYTES - Buffer.byteLength(bare))
  return TEMPLATES['report.html']({ ...view, downloads })
}

function* trialContents(
  result: ExperimentResult,
  { side, trial, name }: NamedTrial,
): Generator<readonly [string, string]> {
  yield [`${RAW_DATA}/${name}.omb.json`, `${JSON.stringify(ombResult(result, side, trial), null, 1)}\n`]
  yield [`${RAW_DATA}/${name}.intervals.csv`, TEMPLATES['report.csv'](intervalsTable(trial))]
  for (const [latency, title] of EXPORTED_LATENCIES) {
    yield [`${RAW_DATA}/${hgrmName(name, title)}`, hgrmText(trial.phases.measure.latencies[latency])]
    yield [`${RAW_DATA}/${name}.${title}.hlog`, hlogText(trial, latency)]
  }
}

async function makeTemporary(experimentDirectory: string): Promise<string> {
  try {
    const temporary = join(experimentDirectory, `.report-${randomUUID().slice(0, 8)}`)
    await mkdir(join(temporary, RAW_DATA), { recursive: true })
    return temporary
  } catch (error) {
    throw await storageError(`write a report into ${experimentDirectory}`, experimentDirectory, error)
  }
}

/** Without waiting for the disk, file by file: a report that is lost in a crash can be made again. */
async function writeInto(directory: string, name: string, content: string): Promise<void> {
  const path = join(directory, name)
  try {
    await writeFile(path, content)
  } catch (error) {
    throw await storageError(`write ${name} of the report`, path, error)
  }
}

/** Puts a written folder in the place of an older one, which is kept until then. */
async function replaceDirectory(from: string, to: string): Promise<void> {
  const older = `${from}-older`
  try {
    await rename(to, older).catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error
    })
    await rename(from, to)
  } catch (error) {
    throw await storageError(`put the report into ${to}`, to, error)
  } finally {
    await rm(older, { recursive: true, force: true })
  }
}
