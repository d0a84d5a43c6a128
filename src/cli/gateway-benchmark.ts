import { cac } from 'cac'
import {
  type BenchmarkEngine,
  type BenchmarkResult,
  runBenchmark,
} from '../../gateway/benchmark/benchmark.ts'
import { MAX_RECORDS } from '../../gateway/payload/payload.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { runMatched } from './matched-command.ts'
import type { Output } from './output.ts'
import { rawValue } from './raw-options.ts'

const DEFAULTS = {
  url: 'http://127.0.0.1:4318/v1/traces',
  metricsUrl: 'http://127.0.0.1:9464/metrics',
  durationS: '30',
  rateHz: '1000',
  connections: '50',
  spans: '100',
} as const
const LIMITS = { durationS: 86_400, rateHz: 1_000_000, connections: 100_000 }
const ENGINES: readonly BenchmarkEngine[] = ['bench', 'hey']

/** `bench gateway benchmark`: loads a running gateway at a rate and says whether it is acceptable (exit code 5: not). */
export async function runGatewayBenchmark(
  argv: readonly string[],
  out: Pick<Output, 'stdout' | 'stderr'>,
  signal: AbortSignal,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const cli = cac('bench gateway benchmark')
  cli
    .command('', 'Load a running gateway: payload, metrics before, load, metrics after, verdict')
    .option('--url <url>', `http://…/v1/traces, or grpc://host:port (default: ${DEFAULTS.url})`)
    .option('--metrics-url <url>', `Its metrics (default: ${DEFAULTS.metricsUrl})`)
    .option('--rate <n>', `Requests a second, whatever the gateway does (default: ${DEFAULTS.rateHz})`)
    .option('--duration <seconds>', `After a warm-up of 2 s (default: ${DEFAULTS.durationS})`)
    .option('--connections <n>', `(default: ${DEFAULTS.connections})`)
    .option('--spans <n>', `Spans of a request (default: ${DEFAULTS.spans})`)
    .option('--engine <name>', 'bench: an open loop with spread arrivals; hey: that program (default: bench)')
    .option('--json', 'The result as JSON')
    .example('bench gateway benchmark --rate 2000 --duration 60')
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const result = await runBenchmark({ ...readOptions(argv), clock: new SystemClock(), stop: signal })
      out.stdout(options.json === true ? JSON.stringify(result, null, 2) : toText(result))
      if (signal.aborted) exitCode = EXIT.interrupted
      else if (!result.isAccepted) exitCode = EXIT.slo
    })
  cli.help()
  cli.parse(['bun', 'bench', ...argv], { run: false })
  if (cli.options.help !== true) await runMatched(cli, 'bench gateway benchmark')
  return exitCode
}

function readOptions(argv: readonly string[]) {
  const engine = rawValue(argv, 'engine') ?? 'bench'
  if (!ENGINES.includes(engine as BenchmarkEngine))
    throw new AppError(
      'USAGE',
      `expected --engine to be one of ${ENGINES.join(', ')}; got ${JSON.stringify(engine)}`,
    )
  const url = urlOf(
    '--url',
    rawValue(argv, 'url') ?? DEFAULTS.url,
    engine === 'hey' ? ['http:'] : ['http:', 'grpc:'],
  )
  return {
    url,
    metricsUrl: urlOf('--metrics-url', rawValue(argv, 'metrics-url') ?? DEFAULTS.metricsUrl, [
      'http:',
      'https:',
    ]),
    engine: engine as BenchmarkEngine,
    rateHz: whole('--rate', rawValue(argv, 'rate') ?? DEFAULTS.rateHz, LIMITS.rateHz),
    connections: whole(
      '--connections',
      rawValue(argv, 'connections') ?? DEFAULTS.connections,
      LIMITS.connections,
    ),
    durationMs:
      whole('--duration', rawValue(argv, 'duration') ?? DEFAULTS.durationS, LIMITS.durationS) * 1000,
    spans: whole('--spans', rawValue(argv, 'spans') ?? DEFAULTS.spans, MAX_RECORDS),
  }
}

function urlOf(option: string, given: string, protocols: readonly string[]): URL {
  const url = URL.parse(given)
  if (url !== null && protocols.includes(url.protocol)) return url
  const wanted = protocols.map((protocol) => `${protocol}//`).join(' or ')
  throw new AppError('USAGE', `expected ${option} to be a URL with ${wanted}, got ${JSON.stringify(given)}`)
}

function whole(option: string, given: string, highest: number): number {
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (value >= 1 && value <= highest) return value
  throw new AppError(
    'USAGE',
    `expected ${option} to be a whole number from 1 to ${highest}, got ${JSON.stringify(given)}`,
  )
}

function toText(result: BenchmarkResult): string {
  const { load, server, payload } = result
  const ms = (value: number | null) => (value === null ? 'none' : `${value.toFixed(2)} ms`)
  const failures = Object.entries(load.failures).map(([kind, count]) => `${count} × ${kind}`)
  return [
    `payload   ${payload.spans} spans, ${payload.bytes} bytes`,
    `load      ${result.rateHz}/s for ${result.durationMs / 1000} s over ${result.connections} connections (${result.engine})`,
    `answers   ${load.accepted} of ${load.scheduled} accepted${failures.length > 0 ? `; ${failures.join(', ')}` : ''}`,
    `sender    p50 ${ms(load.clientP50Ms)}, p99 ${ms(load.clientP99Ms)}`,
    `gateway   p50 ${ms(server.p50Ms)}, p99 ${ms(server.p99Ms)} of ${server.count} requests`,
    '',
    ...result.checks.map(
      ({ name, wanted, got, holds }) =>
        `${holds ? 'holds ' : 'MISSED'}  ${name.padEnd(16)} ${got} (wanted: ${wanted})`,
    ),
    '',
    result.isAccepted ? 'accepted' : 'not accepted',
  ].join('\n')
}
