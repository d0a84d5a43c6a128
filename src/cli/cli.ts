import { cac } from 'cac'
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { nearest } from '../errors/nearest.ts'
import { addLabCommands, cloudRunFlags, requireOwnOptions } from './lab/commands.ts'
import { addCostCommand } from './lab/cost-command.ts'
import { livePort, withoutGreedyLive } from './live-option.ts'
import { runMatched } from './matched-command.ts'
import type { Output } from './output.ts'
import { rawValue, rawValues } from './raw-options.ts'
import { withoutGreedySearch } from './search-option.ts'

type Options = Readonly<Record<string, unknown>>

/** Parses the command line and runs the verb; resolves with the exit code, throws AppError. */
export async function buildCli(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  // They have verbs with options of their own.
  if (argv[0] === 'gateway') return (await import('./gateway.ts')).runGateway(argv.slice(1), out, signal)
  if (argv[0] === 'ami') return (await import('./ami.ts')).runAmi(argv.slice(1), out, signal)
  const cli = cac('bench')
  let exitCode: ExitCode = EXIT.ok
  const text = (name: string) => rawValue(argv, name)

  cli
    .command('run [workload]', 'Run a workload on every side, check every message, write a report')
    .option('--test-plan <file>', 'Run all runs of a test plan instead; those that are done are not repeated')
    .option('--drivers <list>', 'Sides, comma separated: [label=]name[:client][+key=value…]')
    .option(
      '--duration <time>',
      'Measured time instead of the workload’s (10s, 2m); warm-up at most half of it',
    )
    .option('--warmup <time>', 'Warm-up instead of the workload’s')
    .option('--rate <msg/s>', 'Total rate instead of the workload’s')
    .option('--rates <list>', 'Several total rates, comma separated; every side is measured at each')
    .option(
      '--search [slo]',
      'Search the highest rate that is sustained, with these predicates (publish.p99 < 20ms)',
    )
    .option('--workers <n>', 'N producer and N consumer processes (default: from the cores)')
    .option('--topology <kind>', 'Local brokers: single or cluster (three nodes)', { default: 'single' })
    .option('--lenient', 'Ignore what is not understood in the workload, and list it')
    .option(
      '--repeat <n>',
      'Trials of each side, in random order; auto: as many as a verdict needs (default: 1)',
    )
    .option('--strict', 'Do not rank sides whose guarantees differ')
    .option('--seed <n>', 'Seed of payloads, keys and the order of trials')
    .option('--metrics <file>', 'Module with custom figures for the report')
    .option('--no-calibrate', 'Do not measure the noise floor first on a machine that was never calibrated')
    .option('--json', 'Events as JSON lines on stdout')
    .option('--live [port]', 'Serve a page with charts and /metrics on this machine while it runs')
    .option('--quiet', 'Only the verdict and errors')
    .option(
      '--experiment-id <id>',
      'Run on a cloud experiment (bench setup), an id or latest; else on this machine',
    )
    .option('--config <file>', 'With --experiment-id: its configuration (default: that of setup)')
    .option('--max-cost <usd>', 'With --experiment-id: as with setup')
    .option('--prices <file>', 'With --experiment-id: as with setup')
    .option('--keep-on-failure', 'With --experiment-id: as with setup')
    .option('--dry-run', 'With --experiment-id: only show the plan and its price')
    .example('bench run workloads/poc.yaml')
    .example('bench run workloads/poc.yaml --live')
    .example('bench run workloads/poc.yaml --duration 15s --repeat 7')
    .example('bench run workloads/poc.yaml --rates 5000,10000,20000 --repeat auto')
    .example("bench run workloads/poc.yaml --search 'publish.p99 < 20ms, errors == 0'")
    .example('bench run workloads/poc.yaml --duration 10s --drivers kafka,kafka:kafkajs')
    .example('bench run --test-plan workloads/plans/baseline.yaml')
    .action(async (workload: string | undefined, options: Options) => {
      const testPlan = text('test-plan')
      if ((workload === undefined) === (testPlan === undefined)) {
        const got = workload === undefined ? 'neither' : 'both'
        throw new AppError('USAGE', `expected a workload or --test-plan, got ${got}`, {
          hint: 'bench run --help',
        })
      }
      const experimentId = text('experiment-id')
      requireOwnOptions(options, experimentId !== undefined)
      if (experimentId !== undefined) {
        const { runOnCloud } = await import('./lab/full.ts')
        const asked = cloudRunFlags(argv, options, testPlan ?? String(workload))
        exitCode = await runOnCloud(experimentId, asked, out, signal)
        return
      }
      const run =
        testPlan === undefined
          ? (await import('./run.ts')).runRun
          : (await import('./run-test-plan.ts')).runTestPlan
      const file = testPlan ?? String(workload)
      exitCode = await run(
        file,
        {
          ...planOptions(text, options),
          ...flags(options),
          livePort: livePort(options.live),
          calibrate: options.calibrate !== false,
        },
        argv,
        out,
        signal,
      )
    })

  cli
    .command(
      'plan <file>',
      'Show what a run of a workload or a test plan would do and how long it takes, without a broker',
    )
    .option('--drivers <list>', 'As with run')
    .option('--duration <time>', 'As with run')
    .option('--warmup <time>', 'As with run')
    .option('--rate <msg/s>', 'As with run')
    .option('--rates <list>', 'As with run')
    .option('--search [slo]', 'As with run')
    .option('--workers <n>', 'As with run')
    .option('--topology <kind>', 'As with run', { default: 'single' })
    .option('--lenient', 'As with run')
    .option('--repeat <n>', 'As with run')
    .option('--seed <n>', 'As with run')
    .option('--strict', 'As with run')
    .option('--metrics <file>', 'As with run')
    .option('--json', 'The plan as JSON on stdout')
    .action(async (workload: string, options: Options) => {
      const { runPlan } = await import('./plan.ts')
      exitCode = await runPlan(
        String(workload),
        { ...planOptions(text, options), ...flags(options) },
        out,
        signal,
      )
    })

  cli
    .command('report', 'Make the report of an experiment anew from its result')
    .option('--experiment-id <id>', 'An id, or latest', { default: 'latest' })
    .option('--metrics <file>', 'Compute the custom figures of this module for the report')
    .option('--json', 'The table as JSON on stdout')
    .action(async (options: Options) => {
      const { runReport } = await import('./report.ts')
      exitCode = await runReport(
        {
          experimentId: text('experiment-id') ?? 'latest',
          metrics: text('metrics') ?? null,
          ...flags(options),
        },
        out,
        signal,
      )
    })

  cli
    .command('compare <...sources>', 'Hold experiments and result files against one another')
    .option('--by <what>', 'side: all sides with one another; source: each label of the first in the others')
    .option('--side <label>', 'Only this side (repeatable)')
    .option('--fail-on <limit>', 'Exit 7 when a figure changed beyond a limit: publish.p99>+5% (repeatable)')
    .option('--format <name>', 'table, html, markdown, json, junit or csv (default: table)')
    .option('--output <file>', 'Write a file; its name tells the format (repeatable)')
    .option('--strict', 'Do not rank sides whose guarantees differ')
    .option('--json', 'As --format json')
    .option('--quiet', 'Only the first line and the limits')
    .example("bench compare exp-20261121-100000 latest --fail-on 'publish.p99>+5%'")
    .example('bench compare kafka.json pulsar.json --output compare.html')
    .action(async (sources: string[], options: Options) => {
      const { runCompare } = await import('./compare.ts')
      exitCode = await runCompare(
        sources.map(String),
        {
          ...flags(options),
          strict: options.strict === true,
          by: text('by') ?? null,
          sides: rawValues(argv, 'side'),
          failOn: rawValues(argv, 'fail-on'),
          format: text('format') ?? null,
          outputs: rawValues(argv, 'output'),
        },
        out,
      )
    })

  cli
    .command('list', 'List the experiments')
    .option('--json', 'As JSON on stdout')
    .action(async (options: Options) => {
      const { runList } = await import('./list.ts')
      exitCode = await runList(flags(options), out)
    })

  const ended = (code: ExitCode) => {
    exitCode = code
  }
  addLabCommands(cli, argv, out, signal, ended)
  addCostCommand(cli, argv, out, signal, ended)

  cli
    .command(
      'publish [...experiments]',
      'Publish experiments (ids, latest or all): to a folder, S3, or as a site',
    )
    .option('--to <place>', 'A folder, or s3://bucket/prefix')
    .option('--site', 'Make a site there: an index and trends over all experiments published to it')
    .option('--summary', 'The GitHub job summary, on stdout outside of Actions')
    .option('--url <address>', 'Public address of the place, for links in the summary')
    .option('--endpoint <url>', 'Of S3, when it is not Amazon’s (default: AWS_ENDPOINT_URL)')
    .option('--region <name>', 'Of the bucket (default: AWS_REGION, or the profile’s)')
    .option('--json', 'What was written as JSON on stdout')
    .option('--quiet', 'Only errors')
    .example('bench publish latest --to s3://my-bucket/benchmarks --site')
    .action(async (experiments: unknown[], options: Options) => {
      const { runPublish } = await import('./publish.ts')
      exitCode = await runPublish(
        experiments.map(String),
        {
          ...flags(options),
          to: text('to'),
          site: options.site === true,
          summary: options.summary === true,
          url: text('url'),
          endpoint: text('endpoint'),
          region: text('region'),
        },
        out,
        signal,
      )
    })

  cli
    .command('calibrate', 'Measure what bench itself costs on this machine: the noise floor of later runs')
    .option('--rate <msg/s>', 'Load (default: 20000)')
    .option('--duration <time>', 'Of the echo path (default: 60s); the rest takes about a minute and a half')
    .option('--json', 'The calibration as JSON on stdout')
    .option('--quiet', 'Only the figures')
    .action(async (options: Options) => {
      const { runCalibrate } = await import('./calibrate.ts')
      const asked = { rate: text('rate'), duration: text('duration') }
      exitCode = await runCalibrate({ ...asked, ...flags(options) }, out, signal)
    })

  cli
    .command('doctor', 'Say what is here and what is missing for each broker and feature')
    .option('--json', 'As JSON on stdout')
    .action(async (options: Options) => {
      const { runDoctor } = await import('./doctor.ts')
      exitCode = await runDoctor(flags(options), out)
    })

  cli
    .command('brokers <action> [...names]', 'Local brokers: up, status, down or logs')
    .option('--topology <kind>', 'single or cluster (three nodes)', { default: 'single' })
    .option('--follow', 'With logs: keep following')
    .option('--json', 'As JSON on stdout')
    .action(async (action: string, names: string[], options: Options) => {
      const { runBrokers } = await import('./brokers.ts')
      exitCode = await runBrokers(
        oneOf('action', action, ['up', 'status', 'down', 'logs'] as const),
        names.map(String),
        {
          ...flags(options),
          topology: oneOf('--topology', text('topology') ?? 'single', ['single', 'cluster'] as const),
          follow: options.follow === true,
        },
        out,
        signal,
      )
    })

  cli.command('gateway <verb>', 'The OTLP gateway and its tools: bench gateway --help')

  cli.command('ami <verb>', 'Images of cloud instances: bench ami --help')

  cli
    .command('schema [which]', 'Print the JSON Schema of a kind of file: workload, driver, infrastructure…')
    .option('--json', 'As it is always')
    .action(async (which: string | undefined) => {
      const { runSchema } = await import('./schema.ts')
      exitCode = await runSchema(which ?? 'workload', out)
    })

  cli
    .command('version', 'Print versions')
    .option('--json', 'As JSON on stdout')
    .action(async (options: Options) => {
      const { runVersion } = await import('./version.ts')
      exitCode = await runVersion(flags(options), out)
    })

  cli.help()
  cli.parse(['bun', 'bench', ...withoutGreedySearch(withoutGreedyLive(argv))], { run: false })
  if (cli.options.help === true) return EXIT.ok
  if (cli.matchedCommand === undefined) return unknownCommand(cli.commands, argv, () => cli.outputHelp())
  await runMatched(cli, 'bench')
  return exitCode
}

function oneOf<const Name extends string>(what: string, given: unknown, names: readonly Name[]): Name {
  const name = names.find((candidate) => candidate === given)
  if (name !== undefined) return name
  throw new AppError(
    'USAGE',
    `expected ${what} to be one of ${names.join(', ')}; got ${JSON.stringify(given)}`,
  )
}

function unknownCommand(
  commands: readonly { name: string }[],
  argv: readonly string[],
  help: () => void,
): ExitCode {
  const given = argv.find((argument) => !argument.startsWith('-'))
  if (given === undefined) {
    help()
    return argv.length === 0 ? EXIT.ok : EXIT.usage
  }
  const names = commands.map((command) => command.name)
  const suggestion = nearest(given, names)
  throw new AppError(
    'USAGE',
    `expected a command, one of ${names.join(', ')}; got ${JSON.stringify(given)}`,
    {
      hint: suggestion === null ? 'bench --help' : `did you mean: bench ${suggestion}`,
    },
  )
}

function planOptions(text: (name: string) => string | undefined, options: Options) {
  return {
    drivers: text('drivers'),
    duration: text('duration'),
    warmup: text('warmup'),
    rate: text('rate'),
    rates: text('rates'),
    workers: text('workers'),
    seed: text('seed'),
    repeat: text('repeat'),
    metrics: text('metrics'),
    search: options.search,
    topology: text('topology') ?? 'single',
    lenient: options.lenient === true,
    strict: options.strict === true,
  }
}

function flags(options: Options) {
  return { json: options.json === true, quiet: options.quiet === true }
}
