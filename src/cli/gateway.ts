import type { ExitCode } from '../errors/exit-codes.ts'
import type { Output } from './output.ts'
import { runVerb, type VerbCommand } from './verbs.ts'

const COMMAND: VerbCommand = {
  name: 'gateway',
  verbs: {
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
  },
}

/** `bench gateway VERB …`. Throws `AppError('USAGE')` for a verb there is not. */
export function runGateway(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  return runVerb(COMMAND, argv, out, signal)
}
