import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { nearest } from '../errors/nearest.ts'
import type { Output } from './output.ts'

/** A verb of `bench gateway`: parses its own arguments (those behind its name) and prints its own help. */
export type GatewayVerb = (argv: readonly string[], out: Output, signal: AbortSignal) => Promise<ExitCode>

interface Entry {
  readonly summary: string
  load(): Promise<GatewayVerb>
}

const VERBS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'Run the OTLP gateway',
    load: async () => (await import('./gateway-serve.ts')).runServe,
  },
  payload: {
    summary: 'Write an OTLP request',
    load: async () => (await import('./gateway-payload.ts')).runPayload,
  },
  benchmark: {
    summary: 'Load a running gateway and say whether it is acceptable',
    load: async () => (await import('./gateway-benchmark.ts')).runGatewayBenchmark,
  },
}

const NAMES = Object.keys(VERBS)

/** `bench gateway VERB …`. Throws `AppError('USAGE')` for a verb there is not. */
export async function runGateway(
  argv: readonly string[],
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
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
  return [
    'Usage:',
    '  $ bench gateway <verb> [options]',
    '',
    'Verbs:',
    ...lines,
    '',
    'bench gateway VERB --help',
  ].join('\n')
}

function unknownVerb(name: string): AppError {
  const suggestion = nearest(name, NAMES)
  return new AppError(
    'USAGE',
    `expected a verb of gateway, one of ${NAMES.join(', ')}; got ${JSON.stringify(name)}`,
    { hint: suggestion === null ? 'bench gateway --help' : `did you mean: bench gateway ${suggestion}` },
  )
}
