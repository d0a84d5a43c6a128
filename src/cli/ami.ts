import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { nearest } from '../errors/nearest.ts'
import type { Output } from './output.ts'

/** A verb of `bench ami`: parses its own arguments (those behind its name) and prints its own help. */
export type AmiVerb = (argv: readonly string[], out: Output, signal: AbortSignal) => Promise<ExitCode>

interface Entry {
  readonly summary: string
  load(): Promise<AmiVerb>
}

const VERBS: Readonly<Record<string, Entry>> = {
  build: {
    summary: 'Make an image with Packer',
    load: async () => (await import('./ami-build.ts')).runAmiBuild,
  },
  list: {
    summary: 'List the images that bench made',
    load: async () => (await import('./ami-list.ts')).runAmiList,
  },
  latest: {
    summary: 'Print the id of the newest image that an experiment would take',
    load: async () => (await import('./ami-list.ts')).runAmiLatest,
  },
  validate: {
    summary: 'Start one instance of an image, check what is on it, and remove it',
    load: async () => (await import('./ami-validate.ts')).runAmiValidate,
  },
  delete: {
    summary: 'Delete images with their snapshots',
    load: async () => (await import('./ami-delete.ts')).runAmiDelete,
  },
}

const NAMES = Object.keys(VERBS)

/** `bench ami VERB …`. Throws `AppError('USAGE')` for a verb there is not. */
export async function runAmi(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') {
    out.stdout(helpText())
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (entry === undefined) throw unknownVerb(name)
  const verb = await entry.load()
  return verb(rest, out, signal)
}

function helpText(): string {
  const width = Math.max(...NAMES.map((name) => name.length))
  const lines = NAMES.map((name) => `  ${name.padEnd(width)}  ${VERBS[name]!.summary}`)
  const usage = ['Usage:', '  $ bench ami <verb> [options]', '', 'Verbs:']
  return [...usage, ...lines, '', 'bench ami VERB --help; docs/ami-guide.md'].join('\n')
}

function unknownVerb(name: string): AppError {
  const suggestion = nearest(name, NAMES)
  return new AppError(
    'USAGE',
    `expected a verb of ami, one of ${NAMES.join(', ')}; got ${JSON.stringify(name)}`,
    { hint: suggestion === null ? 'bench ami --help' : `did you mean: bench ami ${suggestion}` },
  )
}
