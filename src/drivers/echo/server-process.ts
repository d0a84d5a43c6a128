import { fileURLToPath } from 'node:url'
import { AppError } from '../../errors/app-error.ts'

const SERVER_MAIN = fileURLToPath(new URL('./server-main.ts', import.meta.url))
const START_LIMIT_MS = 15_000

export interface EchoProcess {
  /** `host:port`. */
  readonly address: string
  readonly pid: number
  /** Resolves when it is gone. Idempotent. */
  stop(): Promise<void>
}

/** Starts an echo server in a process of its own; it ends with this one at the latest. */
export async function startEchoProcess(signal: AbortSignal): Promise<EchoProcess> {
  signal.throwIfAborted()
  const child = Bun.spawn([process.execPath, SERVER_MAIN], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const stop = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS)])
  const kill = () => child.kill('SIGKILL')
  limit.addEventListener('abort', kill, { once: true })
  try {
    const line = await firstLine(child.stdout)
    limit.throwIfAborted()
    const { port } = JSON.parse(line) as { port: number }
    return { address: `127.0.0.1:${port}`, pid: child.pid, stop }
  } catch (error) {
    await stop()
    signal.throwIfAborted()
    throw new AppError('PREPARE', 'expected the echo server to name its port, it did not', { cause: error })
  } finally {
    limit.removeEventListener('abort', kill)
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString()
    if (text.includes('\n')) break
  }
  return text
}
