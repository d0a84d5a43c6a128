import type { CAC } from 'cac'
import { AppError } from '../../errors/app-error.ts'
import type { ExitCode } from '../../errors/exit-codes.ts'
import type { Output } from '../output.ts'
import { rawValue, rawValues } from '../raw-options.ts'
import type { LabFlags } from './environment.ts'

type Options = Readonly<Record<string, unknown>>

/** What is asked for when nobody names another. */
const CONFIG = 'config/infrastructure.yaml'
const PRICE = /^\d{1,6}(\.\d{1,2})?$/

/** Adds the commands of cloud experiments; `ended` takes the exit code of the one that runs. */
export function addLabCommands(
  cli: CAC,
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
  ended: (exitCode: ExitCode) => void,
): void {
  const text = (name: string) => rawValue(argv, name)
  const flags = (options: Options): LabFlags => ({
    json: options.json === true,
    quiet: options.quiet === true,
    readyLimit: text('ready-limit'),
  })
  const setupFlags = (options: Options) => ({
    ...flags(options),
    config: text('config') ?? CONFIG,
    tags: rawValues(argv, 'tag'),
    experimentId: text('experiment-id') ?? null,
    keepOnFailure: options.keepOnFailure === true,
    maxCostUsd: maxCost(text('max-cost')),
  })

  cli
    .command('setup', 'Make a cloud experiment on AWS: machines and systems under test, ready for runs')
    .option('--config <file>', `What to make (default: ${CONFIG})`)
    .option('--experiment-id <id>', 'Go on with an experiment, or latest')
    .option('--tag <key=value>', 'Tag on everything, over those of the file (repeatable)')
    .option('--max-cost <usd>', 'Stop and clean up when the estimated cost reaches it')
    .option('--keep-on-failure', 'Keep what was made when something fails, and say what it costs')
    .option('--ready-limit <time>', 'Longest time for machines to become ready (default: 15m)')
    .option('--json', 'As JSON on stdout')
    .option('--quiet', 'Only errors')
    .example('bench setup --config config/infrastructure.yaml --tag team=data-platform')
    .action(async (options: Options) => {
      const { runSetup } = await import('./setup.ts')
      ended(await runSetup(setupFlags(options), out, signal))
    })

  cli
    .command('teardown', 'End a cloud experiment: nothing of it is left on AWS')
    .option('--experiment-id <id>', 'An id, or latest')
    .option('--json', 'As JSON on stdout')
    .option('--quiet', 'Only errors')
    .action(async (options: Options) => {
      const { runTeardown } = await import('./teardown.ts')
      ended(
        await runTeardown(required('--experiment-id', text('experiment-id')), flags(options), out, signal),
      )
    })
}

function required(flag: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value
  throw new AppError('USAGE', `expected ${flag}, got none`, {
    hint: `${flag} latest, or an id of bench list`,
  })
}

function maxCost(value: string | undefined): number | null {
  if (value === undefined) return null
  if (PRICE.test(value) && Number(value) > 0) return Number(value)
  throw new AppError('USAGE', `--max-cost: expected US dollars like 2.50, got ${JSON.stringify(value)}`)
}
