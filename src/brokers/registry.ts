import { mkdir } from 'node:fs/promises'
import { AppError } from '../errors/app-error.ts'
import type { LocalBroker, LocalBrokerOptions, LocalBrokerProvider } from './broker.ts'

interface Entry {
  readonly module: string
  readonly exportName: string
  /** Brokers that only tests start. */
  readonly hidden?: boolean
}

// Specifiers as data: a provider (and what it needs) is loaded only when its broker is.
const PROVIDERS: Readonly<Record<string, Entry>> = {
  kafka: { module: './kafka/kafka-provider.ts', exportName: 'kafkaProvider' },
  rabbitmq: { module: './rabbitmq/rabbitmq-provider.ts', exportName: 'rabbitmqProvider' },
  pulsar: { module: './pulsar/pulsar-provider.ts', exportName: 'pulsarProvider' },
  otlp: { module: './otlp/otlp-provider.ts', exportName: 'otlpProvider' },
  fake: { module: './fake/fake-provider.ts', exportName: 'fakeProvider', hidden: true },
}

/** Names of the brokers that bench can start on this machine. */
export function localBrokerNames(): string[] {
  return Object.keys(PROVIDERS).filter((name) => !PROVIDERS[name]!.hidden)
}

/** Throws `AppError('CONFIG')` for a name that is no broker bench can start. */
export function requireLocalBroker(name: string): void {
  if (Object.hasOwn(PROVIDERS, name)) return
  throw new AppError('CONFIG', `expected a broker bench can start, got '${name}'`, {
    hint: `known are: ${localBrokerNames().join(', ')}`,
  })
}

/** How to start the local broker of this name. Throws `AppError('CONFIG')` for a name it does not know. */
export async function localBrokerProvider(name: string): Promise<LocalBrokerProvider> {
  requireLocalBroker(name)
  const entry = PROVIDERS[name]!
  const module = (await import(entry.module)) as Readonly<Record<string, unknown>>
  const provider = module[entry.exportName] as LocalBrokerProvider | undefined
  if (provider === undefined) {
    throw new AppError('CONTRACT', `expected ${entry.module} to export ${entry.exportName}, found none`)
  }
  return {
    name: provider.name,
    inspect: () => provider.inspect(),
    up: (...args) => startUp(provider, ...args),
  }
}

/** The provider sees a signal that ends with the start: a later abort must not kill servers that are being drained. */
async function startUp(
  provider: LocalBrokerProvider,
  options: LocalBrokerOptions,
  signal: AbortSignal,
): Promise<LocalBroker> {
  signal.throwIfAborted()
  const start = new AbortController()
  const onAbort = () => start.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await mkdir(options.directory, { recursive: true })
    return await provider.up(options, start.signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
