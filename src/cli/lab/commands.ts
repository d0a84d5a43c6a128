import type { CAC, Command } from 'cac'
import { AppError } from '../../errors/app-error.ts'
import type { ExitCode } from '../../errors/exit-codes.ts'
import type { PlanFlags } from '../../workload/plan-options.ts'
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
  const makingFlags = (options: Options) => ({
    ...flags(options),
    config: text('config') ?? CONFIG,
    tags: rawValues(argv, 'tag'),
    experimentId: text('experiment-id') ?? null,
    keepOnFailure: options.keepOnFailure === true,
    maxCostUsd: maxCost(text('max-cost')),
    pricesFile: text('prices') ?? null,
    dryRun: options.dryRun === true,
  })

  const making = (command: Command) =>
    command
      .option('--config <file>', `What to make (default: ${CONFIG})`)
      .option('--experiment-id <id>', 'Go on with an experiment, or latest')
      .option('--tag <key=value>', 'Tag on everything, over those of the file (repeatable)')
      .option('--max-cost <usd>', 'Stop and clean up when the estimated cost reaches it')
      .option('--prices <file>', 'Prices over those that bench knows')
      .option('--keep-on-failure', 'Keep what was made when something fails, and say what it costs')
      .option('--ready-limit <time>', 'Longest time for machines to become ready (default: 15m)')
      .option('--dry-run', 'Only show what would be made, and its price; nothing of AWS is needed')
      .option('--json', 'As JSON on stdout')
      .option('--quiet', 'Only errors')
  const one = (command: Command) =>
    command
      .option('--experiment-id <id>', 'An id, or latest')
      .option('--json', 'As JSON on stdout')
      .option('--quiet', 'Only errors')
  const id = () => required('--experiment-id', text('experiment-id'))

  making(cli.command('full [workload]', 'A cloud experiment whole: set up, run, report, tear down'))
    .option('--test-plan <file>', 'Run all runs of a test plan')
    .option('--drivers <list>', 'As with run')
    .option('--duration <time>', 'As with run')
    .option('--warmup <time>', 'As with run')
    .option('--rate <msg/s>', 'As with run')
    .option('--rates <list>', 'As with run')
    .option('--workers <n>', 'As with run; counted on the load generator')
    .option('--repeat <n>', 'As with run')
    .option('--seed <n>', 'As with run')
    .option('--strict', 'As with run')
    .option('--lenient', 'As with run')
    .option('--metrics <file>', 'As with run')
    .example('bench full --test-plan workloads/plans/poc.yaml --max-cost 5')
    .action(async (workload: string | undefined, options: Options) => {
      const { runFull } = await import('./full.ts')
      const file = oneFile(workload, text('test-plan'))
      ended(await runFull({ ...makingFlags(options), file, plan: planFlags(text, options) }, out, signal))
    })

  making(cli.command('setup', 'Make a cloud experiment on AWS: machines and systems, ready for runs'))
    .example('bench setup --config config/infrastructure.yaml --tag team=data-platform')
    .action(async (options: Options) => {
      const { runSetup } = await import('./setup.ts')
      ended(await runSetup(makingFlags(options), out, signal))
    })

  one(cli.command('teardown', 'End a cloud experiment: nothing of it is left on AWS')).action(
    async (options: Options) => {
      const { runTeardown } = await import('./teardown.ts')
      ended(await runTeardown(id(), flags(options), out, signal))
    },
  )

  one(cli.command('cleanup', 'List all that carries the tag of a cloud experiment; --execute removes it'))
    .option('--region <name>', 'Where, when nothing of the experiment is kept here')
    .option('--execute', 'Remove it')
    .action(async (options: Options) => {
      const { runCleanup } = await import('./cleanup.ts')
      const executes = options.execute === true
      const asked = { experimentId: id(), region: text('region') ?? null, executes }
      ended(await runCleanup(asked, flags(options), out, signal))
    })

  cli
    .command('reap', 'End cloud experiments that outlived their TTL, or whose bench died')
    .option('--region <name>', 'Look there too (repeatable; default: where experiments are known)')
    .option('--config <file>', `Look in its region, for its project (default: ${CONFIG})`)
    .option('--dry-run', 'Only list them')
    .option('--json', 'As JSON on stdout')
    .option('--quiet', 'Only errors')
    .action(async (options: Options) => {
      const { runReap } = await import('./reap.ts')
      const asked = {
        ...{ regions: rawValues(argv, 'region'), config: text('config') ?? null, defaultConfig: CONFIG },
        dryRun: options.dryRun === true,
      }
      ended(await runReap(asked, flags(options), out, signal))
    })

  cli
    .command('logs', 'Logs of the machines of a cloud experiment, without SSH')
    .option('--experiment-id <id>', 'An id, or latest', { default: 'latest' })
    .option('--role <name>', 'Machines of this role: broker, client, …')
    .option('--lines <n>', 'Lines of each log (default: 100)')
    .option('--json', 'As JSON on stdout')
    .action(async (options: Options) => {
      const { runLogs } = await import('./logs.ts')
      const asked = {
        experimentId: text('experiment-id') ?? 'latest',
        role: text('role') ?? null,
        lines: text('lines') ?? null,
      }
      ended(await runLogs(asked, flags(options), out, signal))
    })
}

const ONLY_CLOUD = ['config', 'maxCost', 'prices', 'keepOnFailure', 'dryRun']
const ONLY_LOCAL = ['live', 'topology']

/** Throws `AppError('USAGE')` for options of `bench run` that would have no effect: on a cloud experiment, or without. */
export function requireOwnOptions(options: Options, isCloud: boolean): void {
  const isGiven = (name: string) =>
    options[name] !== undefined &&
    options[name] !== false &&
    !(name === 'topology' && options[name] === 'single')
  const foreign = (isCloud ? ONLY_LOCAL : ONLY_CLOUD).find(isGiven)
  if (foreign === undefined) return
  const flag = `--${foreign.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`
  throw new AppError('USAGE', `expected ${flag} ${isCloud ? 'without' : 'with'} --experiment-id only`, {
    hint: isCloud
      ? 'the cluster is as it was set up'
      : 'bench plan shows what a run on this machine would do',
  })
}

/** Options of `bench run` with `--experiment-id`; without a configuration that of its setup is taken. */
export function cloudRunFlags(argv: readonly string[], options: Options, file: string) {
  const text = (name: string) => rawValue(argv, name)
  return {
    ...{ json: options.json === true, quiet: options.quiet === true, readyLimit: undefined, file },
    ...{ config: text('config') ?? null, tags: [], experimentId: null },
    keepOnFailure: options.keepOnFailure === true,
    maxCostUsd: maxCost(text('max-cost')),
    pricesFile: text('prices') ?? null,
    dryRun: options.dryRun === true,
    plan: planFlags(text, options),
  }
}

function planFlags(text: (name: string) => string | undefined, options: Options): PlanFlags {
  const names = ['drivers', 'duration', 'warmup', 'rate', 'rates', 'workers', 'seed', 'repeat', 'metrics']
  const given = Object.fromEntries(names.map((name) => [name, text(name)]))
  return { ...given, lenient: options.lenient === true, strict: options.strict === true }
}

function oneFile(workload: string | undefined, testPlan: string | undefined): string {
  if (workload !== undefined && testPlan === undefined) return String(workload)
  if (workload === undefined && testPlan !== undefined) return testPlan
  const got = workload === undefined ? 'neither' : 'both'
  throw new AppError('USAGE', `expected a workload or --test-plan, got ${got}`, { hint: 'bench full --help' })
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
