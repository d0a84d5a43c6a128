import type { CAC } from 'cac'
import type { ExitCode } from '../../errors/exit-codes.ts'
import type { Output } from '../output.ts'
import { rawValue, rawValues } from '../raw-options.ts'

type Options = Readonly<Record<string, unknown>>

/** Adds `bench cost`; `ended` takes its exit code. */
export function addCostCommand(
  cli: CAC,
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
  ended: (exitCode: ExitCode) => void,
): void {
  cli
    .command(
      'cost [experiment]',
      'What a cloud experiment (an id, or latest) cost: estimated, and billed by AWS',
    )
    .option(
      '--tag <key=value>',
      'Also all that carries this tag in its days; key alone: by value (repeatable)',
    )
    .option('--experiment-id <id>', 'The same as the id alone')
    .option('--prices <file>', 'Prices over those that bench knows')
    .option('--estimate', 'Do not ask AWS: each question costs $0.01')
    .option('--json', 'As JSON on stdout')
    .option('--quiet', 'Only the costs and errors')
    .example('bench cost latest')
    .example('bench cost latest --tag team=data-platform')
    .action(async (experiment: string | undefined, options: Options) => {
      const { runCost } = await import('./cost.ts')
      const flags = {
        experimentId: String(experiment ?? rawValue(argv, 'experiment-id') ?? 'latest'),
        tags: rawValues(argv, 'tag'),
        pricesFile: rawValue(argv, 'prices') ?? null,
        isEstimate: options.estimate === true,
        json: options.json === true,
        quiet: options.quiet === true,
        readyLimit: undefined,
      }
      ended(await runCost(flags, out, signal))
    })
}
