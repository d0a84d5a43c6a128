import { stat } from 'node:fs/promises'
import { type CAC, cac } from 'cac'
import { SystemClock } from '../clock/system-clock.ts'
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import type { LabContext } from '../lab/aws/settings.ts'
import { DEFAULTS, type ImageDefaults, imageDefaults } from '../lab/images/image-defaults.ts'
import { imageSoftware, type Software, softwareNamed } from '../lab/images/software.ts'
import { runMatched } from './matched-command.ts'
import type { Output } from './output.ts'
import { rawValue } from './raw-options.ts'

/** Where the configuration is looked for when `--config` does not name it. */
const USUAL_CONFIG = 'config/infrastructure.yaml'
/** What EC2 takes in a filter, `*` included. */
const VERSION = /^[\w.*-]{1,40}$/

/** What all verbs of `bench ami` understand, from the options and, where they are silent, the configuration. */
export interface AmiOptions extends ImageDefaults {
  /** Of `--broker`; null when it was not given. */
  readonly software: Software | null
  /** Of `--version`; null when it was not given. */
  readonly givenVersion: string | null
  /** Of `--architecture`; null when it was not given. */
  readonly givenArchitecture: string | null
  readonly context: LabContext
  readonly isJson: boolean
}

/** Runs one verb: its help, or its action; `describe` adds its own options. */
export async function amiVerb(
  name: string,
  summary: string,
  argv: readonly string[],
  describe: (command: ReturnType<CAC['command']>) => void,
  action: () => Promise<ExitCode>,
): Promise<ExitCode> {
  const program = `bench ami ${name}`
  const cli = cac(program)
  let exitCode: ExitCode = EXIT.ok
  const command = cli
    .command('', summary)
    .option(
      '--broker <name>',
      `One of ${imageSoftware()
        .map((each) => each.name)
        .join(', ')}`,
    )
    .option('--version <v>', 'Version of the software')
    .option('--region <name>', 'AWS region (default: that of the configuration)')
    .option('--architecture <name>', 'x86_64 or arm64 (default: that of the configuration)')
    .option('--config <file>', `Configuration that says what is asked for (default: ${USUAL_CONFIG})`)
    .option('--json', 'As JSON on stdout')
  describe(command)
  command.action(async () => {
    exitCode = await action()
  })
  cli.help()
  cli.parse(['bun', 'bench', ...argv], { run: false })
  if (cli.options.help === true) return EXIT.ok
  await runMatched(cli, program)
  return exitCode
}

/** Reads the common options. Throws `AppError` of codes USAGE and CONFIG. */
export async function readAmiOptions(argv: readonly string[], out: Output): Promise<AmiOptions> {
  const text = (name: string) => rawValue(argv, name)
  const broker = text('broker')
  const version = text('version') ?? null
  const architecture = text('architecture')
  const region = text('region')
  if (version !== null && !VERSION.test(version))
    throw usage('--version', 'a version like 4.0.8, or 4.0.* for the newest of them', version)
  if (architecture !== undefined && !['x86_64', 'arm64'].includes(architecture))
    throw usage('--architecture', 'x86_64 or arm64', architecture)
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw usage('--region', 'a region like us-west-2', region)
  const defaults = await configured(text('config') ?? null)
  const asked = {
    ...defaults,
    region: region ?? defaults.region,
    architecture: architecture ?? defaults.architecture,
  }
  return {
    ...asked,
    software: broker === undefined ? null : softwareNamed(broker),
    givenVersion: version,
    givenArchitecture: architecture ?? null,
    context: contextFor(asked.region, out),
    isJson: argv.includes('--json'),
  }
}

async function configured(given: string | null): Promise<ImageDefaults> {
  const file = given ?? USUAL_CONFIG
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  return isThere || given !== null ? imageDefaults(file) : DEFAULTS
}

function contextFor(region: string, out: Output): LabContext {
  const endpoint = process.env.AWS_ENDPOINT_URL
  return {
    aws: { region, ...(endpoint !== undefined && endpoint !== '' && { endpoint }) },
    clock: new SystemClock(),
    random: Math.random,
    log: (line) => out.stderr(line),
  }
}

function usage(option: string, expected: string, got: string): AppError {
  return new AppError('USAGE', `expected ${option} to be ${expected}; got ${JSON.stringify(got)}`)
}

/** Makes failures of AWS readable: a missing right or key is the person's to mend, no defect of bench. */
export async function explained<T>(what: string, call: () => Promise<T>): Promise<T> {
  const { describeFailure } = await import('../lab/aws/failure.ts')
  try {
    return await call()
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('PREPARE', `expected ${what} to succeed, got ${describeFailure(error)}`, {
      hint: 'are the credentials of AWS there (aws sts get-caller-identity), and do they allow this?',
      cause: error,
    })
  }
}
