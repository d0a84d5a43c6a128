import { join } from 'node:path'
import { cacheEntry } from '../../../../src/brokers/provision/cache.ts'
import type { Signal } from '../../../../src/otlp/signal.ts'
import type { Gateway } from './gateway.ts'
import { SECRET, SECRET_KEY } from './tally.ts'

const VERSION = 'v0.161.0'
const MODULE = `github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@${VERSION}`
const BUILD_LIMIT_MS = 280_000
const RUN_LIMIT_MS = 60_000
/** Unthrottled it loses most of what it makes before it sends it, at any receiver. */
const RATE_HZ = 200

/** What `TELEMETRYGEN` names, else one built with Go into the cache; a sentence of what is missing. */
export async function telemetrygenProgram(): Promise<{ readonly program: string } | string> {
  const given = process.env.TELEMETRYGEN
  if (given !== undefined && given !== '') return { program: given }
  const go = Bun.which('go')
  if (go === null) return 'TELEMETRYGEN to name it, or Go on the PATH to build it'
  try {
    const signal = AbortSignal.timeout(BUILD_LIMIT_MS)
    const home = await cacheEntry(`telemetrygen-${VERSION}`, (folder) => build(go, folder, signal), signal)
    return { program: join(home, 'telemetrygen') }
  } catch (error) {
    return `to be built with Go: ${(error as Error).message}`
  }
}

async function build(go: string, folder: string, signal: AbortSignal): Promise<void> {
  const child = Bun.spawn([go, 'install', MODULE], {
    env: { ...process.env, GOBIN: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  })
  const log = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(log.trim().slice(-500))
}

/** Makes and sends `count` spans (two a trace), data points or log records; throws when it fails. */
export async function sendByTelemetrygen(
  program: string,
  gateway: Gateway,
  protocol: 'http' | 'grpc',
  signal: Signal,
  count: number,
): Promise<void> {
  const made = signal === 'traces' ? ['--traces', String(count / 2)] : [`--${signal}`, String(count)]
  const endpoint = `127.0.0.1:${protocol === 'http' ? gateway.httpPort : gateway.grpcPort}`
  const secret = `${SECRET_KEY}="${SECRET}"`
  const command = [program, signal, ...made, '--otlp-insecure', '--otlp-endpoint', endpoint]
  if (protocol === 'http') command.push('--otlp-http', '--otlp-http-url-path', `/v1/${signal}`)
  command.push('--otlp-attributes', secret, '--telemetry-attributes', secret, '--rate', String(RATE_HZ))
  const child = Bun.spawn(command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(RUN_LIMIT_MS),
  })
  const [out, log] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const code = await child.exited
  if (code !== 0)
    throw new Error(`expected telemetrygen to end with 0, got ${code}: ${(out + log).slice(-1000)}`)
}
