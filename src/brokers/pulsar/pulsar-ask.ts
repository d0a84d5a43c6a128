import { AppError } from '../../errors/app-error.ts'

const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024

/**
 * Sends a text to a port of loopback and gives what came until the other side closed: HTTP/1.0 and ZooKeeper's
 * four-letter words both work so. `fetch` is not used because it may go through the user's proxy.
 */
export async function ask(port: number, text: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  promise.catch(() => {})
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (opened) => void opened.write(text),
      data(open, chunk) {
        sizeBytes += chunk.length
        if (sizeBytes > ANSWER_LIMIT_BYTES) open.terminate()
        else chunks.push(Buffer.from(chunk))
      },
      error: (_socket, error) => reject(error),
      close: () => resolve(Buffer.concat(chunks).toString('utf8')),
    },
  })
  const onAbort = () => {
    reject(signal.reason)
    socket.terminate()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) onAbort()
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const HEALTH_LIMIT_MS = 15_000

/**
 * Whether the broker behind this web port produced a message and read it back, which is what its health check does.
 * Throws what it answered instead. `token` is needed where tokens are.
 */
export async function isHealthy(
  webPort: number,
  token: string | null,
  signal: AbortSignal,
): Promise<boolean> {
  const authorization = token === null ? '' : `Authorization: Bearer ${token}\r\n`
  const request = `GET /admin/v2/brokers/health HTTP/1.0\r\nHost: 127.0.0.1:${webPort}\r\n${authorization}\r\n`
  const answer = await ask(webPort, request, AbortSignal.any([signal, AbortSignal.timeout(HEALTH_LIMIT_MS)]))
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2)
  const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 'none'
  if (status === '200') return true
  const said = body.trim().split('\n')[0]?.slice(0, 300)
  throw new AppError('PREPARE', `expected status 200 of the health check, got ${status} ${said}`)
}

const WORD_LIMIT_MS = 5000

/** Whether ZooKeeper serves clients: `ruok` would be answered before it does. */
export async function zookeeperServes(port: number, signal: AbortSignal): Promise<boolean> {
  return /^Mode: /m.test(await fourLetters(port, 'srvr', signal))
}

/**
 * Whether a session of ZooKeeper holds this ephemeral node: a server is registered there. Throws while ZooKeeper does
 * not serve, for that says nothing.
 */
export async function isRegistered(port: number, path: string, signal: AbortSignal): Promise<boolean> {
  const answer = await fourLetters(port, 'dump', signal)
  if (!answer.includes('Sessions with Ephemerals'))
    throw new AppError('PREPARE', `expected the sessions of ZooKeeper, got '${answer.slice(0, 100).trim()}'`)
  return answer.split('\n').some((line) => line.trim() === path)
}

/** Whether a port of loopback accepts connections. */
export async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}

function fourLetters(port: number, word: string, signal: AbortSignal): Promise<string> {
  return ask(port, word, AbortSignal.any([signal, AbortSignal.timeout(WORD_LIMIT_MS)]))
}
