import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LAB_SYSTEMS } from '../../brokers/lab-systems.ts'
import type { AppError } from '../../errors/app-error.ts'
import { writeFileAtomic } from '../../result/atomic-file.ts'
import { parseResult } from '../../result/parse-result.ts'
import type { ExperimentResult } from '../../result/result.ts'
import { type LabEnvironment, labContext } from '../experiment/environment.ts'
import type { FoundExperiment, LabFolder } from '../experiment/folder.ts'
import { askBill, type TagQuestion } from './ask-bill.ts'
import { noBill } from './bill-summary.ts'
import { type BillSummary, type CostsFile, readCosts, writeCosts } from './costs-file.ts'
import { readPrices } from './price-table.ts'
import { type ExperimentRun, resultCosts } from './side-costs.ts'
import { costsOf, periodOf, wholeCosts } from './summary.ts'
import { trafficBetweenZones } from './traffic.ts'

const RESULT_FILE = 'result.json'

export interface UpdateOptions {
  /** `--prices`; null: those beside the configuration, else the shipped ones. */
  readonly pricesFile: string | null
  readonly tags: readonly TagQuestion[]
  /** Whether AWS is asked for its bill, which costs $0.01 a question; else the one known from before is kept. */
  readonly asksBill: boolean
}

/** A run whose result now knows what it cost: its report is to be made anew. */
export interface PricedRun extends ExperimentRun {
  readonly directory: string
}

export interface UpdatedCosts {
  readonly costs: CostsFile
  /** Path of `costs.json`. */
  readonly file: string
  readonly runs: readonly PricedRun[]
  /** Why AWS could not be asked; null when it was, or was not to be. */
  readonly failure: AppError | null
}

/**
 * Works out what an experiment costs, writes `costs.json` into its folder and the costs into the results of its runs.
 * Never changes anything on AWS. Throws `AppError('CONFIG')` for prices, tags or files that are wrong.
 */
export async function updateCosts(
  found: FoundExperiment,
  { pricesFile, tags, asksBill }: UpdateOptions,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<UpdatedCosts> {
  const { folder, record } = found
  const table = await readPrices({ file: pricesFile, configFile: record.configFile })
  const older = await readCosts(folder.directory)
  const runs = await pricedRuns(found)
  const { experimentId } = record
  const log = { log: environment.print, tell: environment.print, hide: () => {} }
  const context = labContext(record.region, environment, log)
  const request = { experimentId, period: periodOf(record), tags }
  const asked = asksBill ? await askBill(request, context, signal) : null
  const zones = await zonesOf(folder)
  const costs = costsOf({
    ...{ experimentId, record, table, runs, systems: LAB_SYSTEMS },
    nowMs: environment.clock.wallMs(),
    traffic: trafficBetweenZones(
      runs.map(({ result }) => result),
      zones,
    ),
    bill: latestBill(asked?.bill ?? noBill('AWS was not asked'), older?.bill ?? null),
    tags: asked?.tags ?? older?.tags ?? [],
  })
  const written = runs.map((run) => ({ ...run, result: withCosts(run, costs) }))
  for (const { result, directory } of written)
    await writeFileAtomic(join(directory, RESULT_FILE), `${JSON.stringify(result, null, 1)}\n`)
  const file = await writeCosts(costs, folder.directory)
  return { costs, file, runs: written, failure: asked?.failure ?? null }
}

/** What was billed once is not lost because AWS cannot be asked again. */
function latestBill(bill: BillSummary, older: BillSummary | null): BillSummary {
  if (bill.state !== 'none' || older === null || older.totalUsd === null) return bill
  return older
}

function withCosts({ run, result }: ExperimentRun, costs: CostsFile): ExperimentResult {
  const rows = costs.sides.filter((side) => side.run === run)
  return { ...result, costs: { ...resultCosts(rows), whole: wholeCosts(costs) } }
}

/** Every run that brought a result; a result that is broken is an error, not a run less. */
async function pricedRuns({ folder, record }: FoundExperiment): Promise<PricedRun[]> {
  const runs: PricedRun[] = []
  for (const { folder: run } of record.runs) {
    const directory = join(folder.runsDirectory, run)
    const file = join(directory, RESULT_FILE)
    const content = await readFile(file, 'utf8').catch(() => null)
    if (content !== null) runs.push({ run, directory, result: parseResult(content, file) })
  }
  return runs
}

/** As the variables that Terraform got have it; where nobody named zones, it took one. */
async function zonesOf({ terraformDirectory }: LabFolder): Promise<number> {
  try {
    const text = await readFile(join(terraformDirectory, 'terraform.tfvars.json'), 'utf8')
    const { availability_zones: zones } = JSON.parse(text) as { availability_zones?: readonly string[] }
    return Math.max(1, zones?.length ?? 1)
  } catch {
    return 1
  }
}
