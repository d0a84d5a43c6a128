import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LatencyName } from '../engine/types.ts'
import { storageError, writeFileAtomic } from '../result/atomic-file.ts'
import { hgrmText, hlogText } from '../result/export/hdr.ts'
import { ombResult } from '../result/export/omb.ts'
import type { ExperimentResult, SideResult, TrialResult } from '../result/result.ts'
import { ASSETS } from './assets.ts'
import { dataUrl, fileSlug } from './escape.ts'
import { intervalsTable, metricsModel, metricsTable } from './metrics.ts'
import { TEMPLATES } from './templates.ts'
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

/** Latencies that get histogram files of their own. */
const EXPORTED_LATENCIES: readonly (readonly [LatencyName, string])[] = [
  ['publish', 'publish'],
  ['service', 'service'],
  ['scheduleDelay', 'schedule-delay'],
  ['endToEnd', 'end-to-end'],
]

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
    for (const [name, content] of reportContents(result))
      await writeFileAtomic(join(temporary, name), content)
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
    rawData: join(directory, 'raw_data'),
  }
}

/** Every file of a report: path below the report's folder, and text. Pure. */
export function* reportContents(result: ExperimentResult): Generator<readonly [string, string]> {
  const csv = TEMPLATES['report.csv'](metricsTable(result))
  const json = TEMPLATES['metrics.json'](metricsModel(result))
  const costs = TEMPLATES['costs.json']({
    billing: result.costs.billing,
    scope: 'brokers and load ran on machines that bench neither rented nor was charged for',
    experiment: result.id,
  })
  yield ['index.html', renderHtml(result, csv, json)]
  yield ['metrics.csv', csv]
  yield ['metrics.json', json]
  yield ['costs.json', costs]
  yield ['raw_data/result.json', `${JSON.stringify(result, null, 1)}\n`]
  const names = new Set<string>()
  for (const side of result.sides) {
    for (const [index, trial] of side.trials.entries()) {
      const wanted = fileSlug(side.trials.length === 1 ? side.label : `${side.label}-${index + 1}`)
      yield* trialContents(result, side, trial, uniqueName(wanted, names))
    }
  }
}

/** The page alone; downloads are inside it. */
export function renderHtml(result: ExperimentResult, csv: string, json: string): string {
  return TEMPLATES['report.html']({
    ...htmlView(result),
    ...ASSETS,
    downloads: [
      { name: `${result.id}.csv`, url: dataUrl('text/csv', csv), what: 'one row a trial' },
      { name: `${result.id}.json`, url: dataUrl('application/json', json), what: 'all figures and verdicts' },
    ],
  })
}

function* trialContents(
  result: ExperimentResult,
  side: SideResult,
  trial: TrialResult,
  name: string,
): Generator<readonly [string, string]> {
  yield [`raw_data/${name}.omb.json`, `${JSON.stringify(ombResult(result, side, trial), null, 1)}\n`]
  yield [`raw_data/${name}.intervals.csv`, TEMPLATES['report.csv'](intervalsTable(trial))]
  for (const [latency, title] of EXPORTED_LATENCIES) {
    yield [`raw_data/${name}.${title}.ms.hgrm`, hgrmText(trial.phases.measure.latencies[latency])]
    yield [`raw_data/${name}.${title}.hlog`, hlogText(trial, latency)]
  }
}

/** Two labels may give one file name (`a:b` and `a/b`), also where upper and lower case are the same. */
function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}-${number}`
  taken.add(name.toLowerCase())
  return name
}

async function makeTemporary(experimentDirectory: string): Promise<string> {
  try {
    const temporary = join(experimentDirectory, `.report-${randomUUID().slice(0, 8)}`)
    await mkdir(temporary, { recursive: true })
    return temporary
  } catch (error) {
    throw await storageError(`write a report into ${experimentDirectory}`, experimentDirectory, error)
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
