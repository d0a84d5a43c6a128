import { AppError, messageOf } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import type { TagQuestion } from '../../lab/costs/ask-bill.ts'
import { costLines } from '../../lab/costs/text.ts'
import { type UpdatedCosts, type UpdateOptions, updateCosts } from '../../lab/costs/update-costs.ts'
import type { LabEnvironment } from '../../lab/experiment/environment.ts'
import { type FoundExperiment, findExperiment } from '../../lab/experiment/folder.ts'
import type { Life } from '../../lab/experiment/life.ts'
import { writeReport } from '../../report/write-report.ts'
import { moneyFigure } from '../../result/money.ts'
import type { Output } from '../output.ts'
import { type LabFlags, labEnvironment } from './environment.ts'

export interface CostFlags extends LabFlags {
  readonly experimentId: string
  /** `--tag` as typed: `key` or `key=value`. */
  readonly tags: readonly string[]
  readonly pricesFile: string | null
  /** AWS is not asked. */
  readonly isEstimate: boolean
}

/** `bench cost`: what an experiment cost, estimated and billed. Ends and cleans up nothing. */
export async function runCost(flags: CostFlags, out: Output, signal: AbortSignal): Promise<ExitCode> {
  const tags = flags.tags.map(tagQuestion)
  if (flags.isEstimate && tags.length > 0)
    throw new AppError('USAGE', 'expected --tag without --estimate: only the bill tells tags apart, got both')
  const environment = labEnvironment(flags, out)
  const found = await findExperiment(flags.experimentId, environment.home)
  const options = { pricesFile: flags.pricesFile, tags, asksBill: !flags.isEstimate }
  const { costs, file, failure } = await settleCosts(found, options, environment, signal)
  if (flags.json) out.stdout(JSON.stringify(costs))
  else for (const line of costLines(costs)) out.stdout(line)
  environment.print(`costs: ${file}`)
  // The estimate is worth having without a bill.
  if (failure === null) return EXIT.ok
  out.stderr(`error: ${failure.message}${failure.hint === undefined ? '' : `\nhint: ${failure.hint}`}`)
  return failure.exitCode
}

/** Works out the costs of an experiment, and makes the reports of its runs anew: they show them. */
export async function settleCosts(
  found: FoundExperiment,
  options: UpdateOptions,
  environment: LabEnvironment,
  signal: AbortSignal,
): Promise<UpdatedCosts> {
  const updated = await updateCosts(found, options, environment, signal)
  for (const { result, directory } of updated.runs) await writeReport(result, directory)
  return updated
}

/**
 * Works out the costs of an experiment that this process works on, for the reports that are made afterwards. AWS is not
 * asked: it knows nothing for a day. What goes wrong is told, and keeps nobody from the reports.
 */
export async function tellCosts(
  found: FoundExperiment,
  pricesFile: string | null,
  { environment, log }: Life,
): Promise<void> {
  const { id } = found.folder
  try {
    const options = { pricesFile, tags: [], asksBill: false }
    const { costs, file } = await updateCosts(found, options, environment, new AbortController().signal)
    const { totalUsd, unknown } = costs.estimate
    const without = unknown.length === 0 ? '' : `, without ${unknown.join(', ')}`
    log.tell(
      `costs: about $${moneyFigure(totalUsd)} until now${without} (${file}); billed tomorrow: bench cost ${id}`,
    )
  } catch (error) {
    log.tell(`the costs could not be worked out: ${messageOf(error)}; try again: bench cost ${id}`)
  }
}

function tagQuestion(text: string): TagQuestion {
  const equals = text.indexOf('=')
  const key = equals < 0 ? text : text.slice(0, equals)
  if (key !== '') return { key, value: equals < 0 ? null : text.slice(equals + 1) }
  throw new AppError('USAGE', `--tag: expected key or key=value, got ${JSON.stringify(text)}`, {
    hint: '--tag team or --tag team=data-platform',
  })
}
