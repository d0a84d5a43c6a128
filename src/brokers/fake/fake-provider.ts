import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SystemClock } from '../../clock/system-clock.ts'
import { AppError } from '../../errors/app-error.ts'
import type { BrokerNode, LocalBroker, LocalBrokerOptions, LocalBrokerProvider } from '../broker.ts'
import { proveFake } from './health.ts'

const SERVER_MAIN = fileURLToPath(new URL('./server-main.ts', import.meta.url))
const START_LIMIT_MS = 15_000

interface ServerProcess {
  readonly process: Bun.Subprocess<'pipe', 'pipe', Bun.BunFile>
  readonly port: number
}

/** The fake's server as a local broker: for tests and proofs only. Its options come with each topic, from the driver. */
export const fakeProvider: LocalBrokerProvider = {
  name: 'fake',
  async inspect() {
    return [{ what: 'the fake message system', found: true, detail: 'a part of bench, for tests and proofs' }]
  },
  up: startBroker,
}

async function startBroker(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  if (options.topology !== 'single') {
    throw new AppError('CONFIG', `expected topology single for the fake broker, got ${options.topology}`)
  }
  mkdirSync(options.directory, { recursive: true })
  const logFile = join(options.directory, 'fake.log')
  const first = await startServer(0, logFile, signal)
  const address = `127.0.0.1:${first.port}`
  const advertised = (await options.front?.(0, address)) ?? address
  let current = first
  const stop = async () => {
    current.process.kill('SIGKILL')
    await current.process.exited
  }
  try {
    await proveFake(new SystemClock(), address, signal)
  } catch (error) {
    await stop()
    throw error
  }
  options.log(`fake broker listens on ${address}`)
  const node: BrokerNode = {
    name: 'fake-1',
    bound: address,
    advertised,
    get pid() {
      return current.process.pid
    },
    logFile,
    kill: stop,
    stop: () => current.process.kill('SIGSTOP'),
    continue: () => current.process.kill('SIGCONT'),
    /** Comes back on the same port, empty: the fake keeps nothing on disk. */
    async restart(restartSignal) {
      await stop()
      current = await startServer(first.port, logFile, restartSignal)
    },
  }
  return {
    name: 'fake',
    version: '1',
    runtime: 'native',
    topology: 'single',
    platform: `Bun ${Bun.version}`,
    servers: [advertised],
    settings: { storage: 'memory' },
    nodes: [node],
    down: stop,
  }
}

async function startServer(port: number, logFile: string, signal: AbortSignal): Promise<ServerProcess> {
  signal.throwIfAborted()
  const child = Bun.spawn([process.execPath, SERVER_MAIN, String(port)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: Bun.file(logFile),
  })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS)])
  const kill = () => child.kill('SIGKILL')
  limit.addEventListener('abort', kill, { once: true })
  try {
    const reader = child.stdout.getReader()
    let text = ''
    while (!text.includes('\n')) {
      const { done, value } = await reader.read()
      if (done) break
      text += Buffer.from(value).toString()
    }
    limit.throwIfAborted()
    if (!text.includes('\n')) {
      throw new AppError(
        'PREPARE',
        `expected the fake server to name its port, got ${JSON.stringify(text)}`,
        {
          hint: `see ${logFile}`,
        },
      )
    }
    return { process: child, port: (JSON.parse(text) as { port: number }).port }
  } catch (error) {
    kill()
    await child.exited
    throw error
  } finally {
    limit.removeEventListener('abort', kill)
  }
}
