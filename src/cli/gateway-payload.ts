import { writeFile } from 'node:fs/promises'
import { cac } from 'cac'
import {
  MAX_RECORDS,
  makePayload,
  type PayloadOptions,
  PROFILES,
  payloadAsJson,
} from '../../gateway/payload/payload.ts'
import { AppError, messageOf } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { runMatched } from './matched-command.ts'
import type { Output } from './output.ts'
import { rawValue } from './raw-options.ts'

/** Where a payload without `--out` goes. */
export interface PayloadSink {
  readonly isTerminal: boolean
  write(bytes: Uint8Array): void
}

const MAX_SEED = 2 ** 32 - 1

/** `bench gateway payload`: writes one OTLP request, the same bytes for the same options. */
export async function runPayload(
  argv: readonly string[],
  out: Pick<Output, 'stderr'>,
  _signal: AbortSignal,
  sink: PayloadSink = processSink(),
): Promise<ExitCode> {
  const cli = cac('bench gateway payload')
  cli
    .command('', 'Write one OTLP request to a file or a pipe')
    .option('--signal <signal>', 'traces, metrics or logs (default: traces)')
    .option(
      '--profile <profile>',
      'even: every record alike (33 KB); real: as SDKs send it (19 KB) (default: even)',
    )
    .option('--spans <n>', 'Spans, data points or log records (default: 100, or what the profile needs)')
    .option('--seed <n>', 'Equal seeds give equal bytes (default: 1)')
    .option('--out <file>', 'Instead of stdout')
    .option('--json', 'OTLP/JSON instead of protobuf')
    .example('bench gateway payload --spans 100 --out payload.bin')
    .action(async (options: Readonly<Record<string, unknown>>) => {
      await writePayload(readOptions(argv), options.json === true, rawValue(argv, 'out') ?? null, out, sink)
    })
  cli.help()
  cli.parse(['bun', 'bench', ...argv], { run: false })
  if (cli.options.help !== true) await runMatched(cli, 'bench gateway payload')
  return EXIT.ok
}

function readOptions(argv: readonly string[]): PayloadOptions {
  const spans = rawValue(argv, 'spans')
  return {
    signal: oneOf('--signal', rawValue(argv, 'signal') ?? 'traces', ['traces', 'metrics', 'logs'] as const),
    profile: oneOf('--profile', rawValue(argv, 'profile') ?? 'even', PROFILES),
    records: spans === undefined ? null : whole('--spans', spans, 1, MAX_RECORDS),
    seed: whole('--seed', rawValue(argv, 'seed') ?? '1', 0, MAX_SEED),
  }
}

async function writePayload(
  options: PayloadOptions,
  isJson: boolean,
  file: string | null,
  out: Pick<Output, 'stderr'>,
  sink: PayloadSink,
): Promise<void> {
  if (file === null && sink.isTerminal && !isJson) {
    throw new AppError('USAGE', 'expected a file or a pipe for protobuf, got a terminal', {
      hint: 'bench gateway payload --out payload.bin    (or --json)',
    })
  }
  const { records, body } = makePayload(options)
  const bytes = isJson ? payloadAsJson(options.signal, body) : body
  if (file === null) sink.write(bytes)
  else {
    await writeFile(file, bytes).catch((cause: unknown) => {
      throw new AppError('STORAGE', `expected to write ${file}: ${messageOf(cause)}`, { cause })
    })
  }
  const noun = { traces: 'spans', metrics: 'data points', logs: 'log records' }[options.signal]
  out.stderr(`${bytes.length} bytes, ${records} ${noun}, profile ${options.profile}, seed ${options.seed}`)
}

function oneOf<const Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const name = names.find((candidate) => candidate === given)
  if (name !== undefined) return name
  throw new AppError(
    'USAGE',
    `expected ${option} to be one of ${names.join(', ')}; got ${JSON.stringify(given)}`,
  )
}

function whole(option: string, given: string, lowest: number, highest: number): number {
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (value >= lowest && value <= highest) return value
  throw new AppError(
    'USAGE',
    `expected ${option} to be a whole number from ${lowest} to ${highest}, got ${JSON.stringify(given)}`,
  )
}

function processSink(): PayloadSink {
  return {
    isTerminal: process.stdout.isTTY === true,
    write: (bytes) => {
      process.stdout.write(bytes)
    },
  }
}
