import { SystemClock } from '../../clock/system-clock.ts'
import { AppError } from '../../errors/app-error.ts'
import { labPrices } from '../../lab/costs/lab-prices.ts'
import { readPrices, SHIPPED_PRICES } from '../../lab/costs/price-table.ts'
import { LAB_LIMITS, type LabEnvironment } from '../../lab/experiment/environment.ts'
import { benchHome } from '../../result/experiment-folder.ts'
import { parseDuration } from '../../workload/duration.ts'
import type { Output } from '../output.ts'

const MIN_READY_S = 1
const MAX_READY_S = 3600

/** Options that all commands of cloud experiments share. */
export interface LabFlags {
  readonly json: boolean
  readonly quiet: boolean
  /** `--ready-limit` as typed. */
  readonly readyLimit: string | undefined
}

/** Cloud experiments in this process. Throws `AppError('USAGE')` for a limit that is none. */
export function labEnvironment(flags: LabFlags, out: Output): LabEnvironment {
  const { readyLimit } = flags
  const limitS = readyLimit === undefined ? null : parseDuration(readyLimit)
  if (readyLimit !== undefined && (limitS === null || limitS < MIN_READY_S || limitS > MAX_READY_S)) {
    const what = `--ready-limit: expected a duration from 1s to 1h, got ${JSON.stringify(readyLimit)}`
    throw new AppError('USAGE', what)
  }
  const limits =
    limitS === null ? LAB_LIMITS : { ...LAB_LIMITS, managedMs: limitS * 1000, readyMs: limitS * 1000 }
  return {
    home: benchHome(),
    variables: process.env,
    clock: new SystemClock(),
    random: Math.random,
    limits,
    prices: labPrices(SHIPPED_PRICES),
    print: flags.quiet ? () => {} : out.stderr,
  }
}

/** The environment with the prices of `--prices`, else with those beside the configuration where there are some. */
export async function withPrices(
  environment: LabEnvironment,
  { pricesFile, config }: { readonly pricesFile: string | null; readonly config: string },
): Promise<LabEnvironment> {
  const table = await readPrices({ file: pricesFile, configFile: config })
  return { ...environment, prices: labPrices(table) }
}
