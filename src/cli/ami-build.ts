import { join } from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { parseTagOptions, tagProblems } from '../lab/config/tags.ts'
import { type Build, buildImage } from '../lab/images/build-image.ts'
import { taggedUntil } from '../lab/images/image-task.ts'
import {
  buildArguments,
  IMAGE_SYSTEMS,
  type ImageSystem,
  packerVariables,
} from '../lab/images/packer-variables.ts'
import { type Software, softwareNamed } from '../lab/images/software.ts'
import { benchHome } from '../result/experiment-folder.ts'
import { configError } from '../workload/problem.ts'
import { type AmiOptions, amiVerb, explained, readAmiOptions } from './ami-options.ts'
import type { Output } from './output.ts'
import { rawValue, rawValues } from './raw-options.ts'

/** `bench ami build`: makes an image with packer; its id is all that goes to stdout. */
export function runAmiBuild(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  return amiVerb(
    'build',
    'Make an image with Packer: 10 to 15 minutes, some cents',
    argv,
    (command) =>
      command
        .option('--system <name>', 'amazon-linux or debian (default: amazon-linux)')
        .option('--checksum <sum>', 'Of another version’s archive: sha512:HEX, sha256:HEX or published')
        .option('--var <name=value>', 'A variable of packer/*.pkr.hcl, e.g. subnet_id (repeatable)')
        .option('--tag <key=value>', 'Your own tag of the image (repeatable)')
        .option('--dry-run', 'Print the command and its variables, and run nothing')
        .example('bench ami build --broker kafka --version 4.3.1 --region us-west-2'),
    async () => {
      const options = await readAmiOptions(argv, out)
      const build = buildOf(argv, options)
      if (argv.includes('--dry-run')) {
        const command = ['packer', ...buildArguments(build, 'VARIABLES')]
        const shown = { command, variables: packerVariables(build) }
        out.stdout(options.isJson ? JSON.stringify(shown) : dryRunText(shown))
        return EXIT.ok
      }
      out.stderr(`log: ${build.logFile}`)
      const image = await explained('the build', () => buildImage(build, options.context, signal))
      out.stdout(options.isJson ? JSON.stringify(image) : image.id)
      return EXIT.ok
    },
  )
}

function dryRunText(shown: { readonly command: readonly string[]; readonly variables: unknown }): string {
  return `${shown.command.join(' ')}\n${JSON.stringify(shown.variables, null, 2)}`
}

function buildOf(argv: readonly string[], options: AmiOptions): Build {
  const { region, project, architecture, context } = options
  const software = options.software ?? softwareNamed(options.firstSystem)
  const { id: buildId, tags: runTags } = taggedUntil('image-build', context.clock.wallMs())
  const tags = parseTagOptions(rawValues(argv, 'tag'))
  const problems = tagProblems(tags, () => '--tag')
  if (problems.length > 0) throw configError(problems)
  return {
    ...{ software, region, project, architecture, tags, runTags, buildId },
    system: systemOf(rawValue(argv, 'system') ?? 'amazon-linux'),
    version: versionOf(software, options),
    checksum: checksumOf(rawValue(argv, 'checksum')),
    variables: assignments(rawValues(argv, 'var')),
    logFile: join(benchHome(), 'images', `${buildId}.log`),
  }
}

function systemOf(given: string): ImageSystem {
  if (Object.hasOwn(IMAGE_SYSTEMS, given)) return given as ImageSystem
  const names = Object.keys(IMAGE_SYSTEMS).join(', ')
  throw new AppError('USAGE', `expected --system to be one of ${names}; got ${JSON.stringify(given)}`)
}

/** What was asked for, else what the configuration asks for; null: what the templates name. */
function versionOf(software: Software, { givenVersion, versions }: AmiOptions): string | null {
  const asked = givenVersion ?? versions.get(software.name) ?? null
  if (asked === null || asked === software.version) return givenVersion
  if (!asked.includes('*')) return asked
  // The configuration wants any of them, and the one that the templates name is one of them.
  if (givenVersion === null && matches(software.version, asked)) return null
  throw new AppError('USAGE', `expected an exact --version to build, got ${JSON.stringify(asked)}`, {
    hint: `such as ${software.version}`,
  })
}

function matches(version: string, pattern: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(version)
}

function checksumOf(given: string | undefined): string | null {
  if (given === undefined) return null
  if (/^(sha512:[0-9a-f]{128}|sha256:[0-9a-f]{64}|published)$/.test(given)) return given
  throw new AppError(
    'USAGE',
    `expected --checksum to be sha512:HEX, sha256:HEX or published; got ${JSON.stringify(given)}`,
  )
}

function assignments(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=')
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)]
      throw new AppError('USAGE', `expected --var name=value, got ${JSON.stringify(text)}`)
    }),
  )
}
