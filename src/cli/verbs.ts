import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { nearest } from '../errors/nearest.ts'
import type { Output } from './output.ts'

/** A verb of a command: parses its own arguments (those behind its name) and prints its own help. */
export type Verb = (argv: readonly string[], out: Output, signal: AbortSignal) => Promise<ExitCode>

/** A command that is nothing but its verbs, each loaded when it is asked for. */
export interface VerbCommand {
  /** As it is typed behind `bench`. */
  readonly name: string
  readonly verbs: Readonly<Record<string, { readonly summary: string; load(): Promise<Verb> }>>
  /** Where more is said; absent: only in the help of the verbs. */
  readonly page?: string
}

/** `bench COMMAND VERB …`. Throws `AppError('USAGE')` for a verb there is not. */
export async function runVerb(
  command: VerbCommand,
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') {
    out.stdout(helpText(command))
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  const entry = Object.hasOwn(command.verbs, name) ? command.verbs[name] : undefined
  if (entry === undefined) throw unknownVerb(command, name)
  const verb = await entry.load()
  return verb(rest, out, signal)
}

function helpText({ name, verbs, page }: VerbCommand): string {
  const width = Math.max(...Object.keys(verbs).map((verb) => verb.length))
  const lines = Object.entries(verbs).map(([verb, { summary }]) => `  ${verb.padEnd(width)}  ${summary}`)
  const more = [`bench ${name} VERB --help`, ...(page === undefined ? [] : [page])].join('; ')
  return ['Usage:', `  $ bench ${name} <verb> [options]`, '', 'Verbs:', ...lines, '', more].join('\n')
}

function unknownVerb({ name, verbs }: VerbCommand, got: string): AppError {
  const names = Object.keys(verbs)
  const suggestion = nearest(got, names)
  return new AppError(
    'USAGE',
    `expected a verb of ${name}, one of ${names.join(', ')}; got ${JSON.stringify(got)}`,
    { hint: suggestion === null ? `bench ${name} --help` : `did you mean: bench ${name} ${suggestion}` },
  )
}
