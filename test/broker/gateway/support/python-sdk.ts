import { join } from 'node:path'
import { cacheEntry } from '../../../../src/brokers/provision/cache.ts'
import type { Gateway } from './gateway.ts'
import { SECRET, SECRET_KEY } from './tally.ts'

/** Of the SDK and its exporters. */
const VERSION = '1.45.2'
const PACKAGES = ['sdk', 'exporter-otlp-proto-http', 'exporter-otlp-proto-grpc']
const INSTALL_LIMIT_MS = 240_000

/** A Python with OpenTelemetry's SDK, kept in the cache; a sentence of what is missing when there can be none. */
export async function pythonWithSdk(): Promise<{ readonly python: string } | string> {
  const python3 = Bun.which('python3')
  if (python3 === null) return 'python3, which is not on the PATH'
  const signal = AbortSignal.timeout(INSTALL_LIMIT_MS)
  try {
    const home = await cacheEntry(
      `python-otlp-${VERSION}`,
      async (temporary) => {
        await run([python3, '-m', 'venv', temporary], signal)
        const packages = PACKAGES.map((name) => `opentelemetry-${name}==${VERSION}`)
        await run([join(temporary, 'bin/python'), '-m', 'pip', 'install', '--quiet', ...packages], signal)
      },
      signal,
    )
    return { python: join(home, 'bin/python') }
  } catch (error) {
    return `python3 with venv and pip, and the package index: ${(error as Error).message}`
  }
}

async function run(command: readonly string[], signal: AbortSignal): Promise<void> {
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'pipe', signal })
  const [out, log] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0)
    throw new Error(`${command.slice(1, 3).join(' ')} failed: ${(out + log).trim().slice(-500)}`)
}

/** Sends `count` spans, points and records by OpenTelemetry's own SDK, and waits until it has delivered all. */
export async function sendByPythonSdk(
  python: string,
  gateway: Gateway,
  protocol: 'http' | 'grpc',
  compression: 'none' | 'gzip',
  count: number,
): Promise<void> {
  const port = protocol === 'grpc' ? gateway.grpcPort : gateway.httpPort
  const script = join(import.meta.dir, 'python-sdk.py')
  const command = [python, script, protocol, compression, `http://127.0.0.1:${port}`, String(count)]
  await run([...command, SECRET_KEY, SECRET], AbortSignal.timeout(60_000))
}
