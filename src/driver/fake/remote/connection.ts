import type { Socket } from 'bun'
import { AppError, messageOf } from '../../../errors/app-error.ts'
import { FRAME, type FrameWriter, frameReader, frameWriter } from './frames.ts'
import type { FakeReply, FakeRequest } from './requests.ts'

/** A connection to the fake's server. */
export interface FakeConnection {
  readonly writer: FrameWriter
  readonly lost: boolean
  request(request: FakeRequest, signal: AbortSignal): Promise<void>
  close(): void
}

interface ConnectionEvents {
  readonly onFrame: (type: number, body: Buffer) => void
  /** The other side went away, or we closed: called once. */
  readonly onLost: () => void
}

interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

const CONNECT_LIMIT_MS = 10_000

/** Rejects with `AppError('PREPARE')` naming host and port when nobody answers, or with the signal's reason. */
export async function connectFake(
  server: string,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<FakeConnection> {
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  let lost = false

  function onFrame(type: number, body: Buffer): void {
    if (type !== FRAME.reply) {
      events.onFrame(type, body)
      return
    }
    const { id, error } = JSON.parse(body.toString()) as FakeReply
    const one = waiting.get(id)
    if (error === undefined) one?.resolve()
    else one?.reject(new AppError(error.code, error.message))
  }

  function lose(): void {
    if (lost) return
    lost = true
    for (const one of waiting.values()) one.reject(lostError(server))
    events.onLost()
  }

  let writer: FrameWriter | null = null
  const read = frameReader(onFrame)
  const socket = await connect(server, signal, {
    data: (_socket, chunk) => read(chunk),
    drain: () => writer?.drain(),
    close: lose,
    error: lose,
  })
  writer = frameWriter(socket)
  const frames = writer
  return {
    writer: frames,
    get lost() {
      return lost
    },
    request(request, requestSignal) {
      return new Promise<void>((resolve, reject) => {
        requestSignal.throwIfAborted()
        if (lost) throw lostError(server)
        const id = nextId++
        const onAbort = () => finish(() => reject(requestSignal.reason))
        const finish = (end: () => void) => {
          requestSignal.removeEventListener('abort', onAbort)
          waiting.delete(id)
          end()
        }
        requestSignal.addEventListener('abort', onAbort)
        waiting.set(id, {
          resolve: () => finish(resolve),
          reject: (error) => finish(() => reject(error)),
        })
        frames.write(FRAME.request, Buffer.from(JSON.stringify({ id, ...request })))
      })
    },
    close() {
      socket.end()
      lose()
    },
  }
}

interface SocketHandlers {
  readonly data: (socket: Socket, chunk: Buffer) => void
  readonly drain: () => void
  readonly close: () => void
  readonly error: () => void
}

async function connect(server: string, signal: AbortSignal, socket: SocketHandlers): Promise<Socket> {
  const at = server.lastIndexOf(':')
  const hostname = server.slice(0, at)
  const port = Number(server.slice(at + 1))
  const either = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)])
  const connecting = Bun.connect({ hostname, port, socket })
  const aborted = new Promise<never>((_, reject) => {
    if (either.aborted) reject(either.reason)
    either.addEventListener('abort', () => reject(either.reason), { once: true })
  })
  aborted.catch(() => {})
  try {
    return await Promise.race([connecting, aborted])
  } catch (error) {
    connecting.then(
      (late) => late.end(),
      () => {},
    )
    signal.throwIfAborted()
    throw new AppError('PREPARE', `expected a fake server at ${server}, got: ${messageOf(error)}`, {
      hint: 'start it with `bench brokers up fake`, or name the right server in the driver file',
      cause: error,
    })
  }
}

function lostError(server: string): AppError {
  return new AppError('PREPARE', `expected the fake server at ${server} to stay, the connection was lost`)
}
