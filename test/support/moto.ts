import { join } from 'node:path'
import { freePorts } from '../../src/brokers/process/index.ts'
import { cacheEntry, mustRun } from '../../src/brokers/provision/index.ts'
import { messageOf } from '../../src/errors/app-error.ts'
import { pollUntil } from './poll.ts'

const VERSION = '5.2.5'
const INSTALL_LIMIT_MS = 420_000
const START_LIMIT_MS = 60_000

/** Moto's server: an emulator of Amazon's services, on loopback. */
export interface Moto {
  /** `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL`. */
  readonly endpoint: string
  stop(): Promise<void>
}

/** A Python with moto (S3 only), kept in the cache; a sentence of what is missing where there can be none. */
export async function pythonWithMoto(): Promise<{ readonly python: string } | string> {
  const python3 = Bun.which('python3')
  if (python3 === null) return 'python3, which is not on the PATH'
  const signal = AbortSignal.timeout(INSTALL_LIMIT_MS)
  const run = (what: string, command: string, args: readonly string[]) =>
    mustRun({ what, command, args, limitMs: INSTALL_LIMIT_MS, hint: 'see above' }, signal)
  try {
    const home = await cacheEntry(
      `python-moto-s3-${VERSION}`,
      async (temporary) => {
        await run('a virtual environment', python3, ['-m', 'venv', temporary])
        const python = join(temporary, 'bin/python')
        await run('moto', python, ['-m', 'pip', 'install', '--quiet', `moto[server,s3]==${VERSION}`])
      },
      signal,
    )
    return { python: join(home, 'bin/python') }
  } catch (error) {
    return `python3 with venv and pip, and the package index: ${messageOf(error)}`
  }
}

/** Starts a server with no bucket in it. */
export async function startMoto(python: string): Promise<Moto> {
  const [port] = (await freePorts(1)) as [number]
  const endpoint = `http://127.0.0.1:${port}`
  const child = Bun.spawn([python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const stop = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  try {
    await pollUntil(`an answer of moto at ${endpoint}`, START_LIMIT_MS, async () => {
      if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`)
      return await fetch(`${endpoint}/moto-api/`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, stop }
}
