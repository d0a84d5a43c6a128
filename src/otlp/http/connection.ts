import type { Clock, Timer } from '../../clock/clock.ts'
import { createResponseReader, type HttpResponse } from './response.ts'

type Socket = Bun.Socket<undefined>

export interface HttpEndpoint {
  readonly hostname: string
  readonly port: number
  readonly tls: boolean
}

export interface HttpTimeouts {
  readonly connectMs: number
  /** From the request's first byte to the response's last. */
  readonly requestMs: number
}

/** A connection could not be made, or broke before its answer was complete: then nobody knows whether it was taken. */
export class ConnectionLost extends Error {
  readonly isTimeout: boolean

  constructor(message: string, isTimeout = false) {
    super(message)
    this.isTimeout = isTimeout
  }
}

/** One keep-alive connection: one request at a time. */
export interface HttpConnection {
  /**
   * Sends `head` (request line and headers, with the blank line; Latin-1) and `bodies` behind it.
   *
   * @throws ConnectionLost when it breaks, times out, or the answer is not HTTP; it is of no more use then.
   */
  request(head: string, bodies: readonly Uint8Array[]): Promise<HttpResponse>
  isOpen(): boolean
  close(): void
}

interface Exchange {
  readonly resolve: (response: HttpResponse) => void
  readonly reject: (error: ConnectionLost) => void
  /** When it has failed (`Clock.nowUs`). */
  readonly deadlineUs: number
}

const NOTHING = Buffer.alloc(0)
/** A larger one is given back after its request. */
const MAX_KEPT_BYTES = 8 << 20

// Header and bodies go out in one write, which is cheaper than two, copy included. All connections put theirs together
// in the same place, so that it stays in the processor's cache: the kernel nearly always takes all of it at once.
let scratch = NOTHING

/** Head and bodies as one; valid until the next call. */
function joined(head: string, bodies: readonly Uint8Array[]): Buffer {
  let size = head.length
  for (const body of bodies) size += body.length
  const out = size <= scratch.length ? scratch : Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(size)))
  if (out.length <= MAX_KEPT_BYTES) scratch = out
  let at = out.write(head, 0, 'latin1')
  for (const body of bodies) {
    out.set(body, at)
    at += body.length
  }
  return out.subarray(0, size)
}

/** @throws ConnectionLost when it cannot be made in time. */
export async function openConnection(
  endpoint: HttpEndpoint,
  timeouts: HttpTimeouts,
  clock: Clock,
): Promise<HttpConnection> {
  const reader = createResponseReader()
  let exchange: Exchange | null = null
  let isOpen = true
  // What the kernel has not taken yet, a buffer of our own.
  let out = NOTHING
  let outAt = 0
  // One timer that looks at the exchange of the moment: setting and clearing one for each request costs more.
  let timer: Timer | null = null

  function watch(): void {
    timer = null
    if (exchange === null) return
    const restUs = exchange.deadlineUs - clock.nowUs()
    if (restUs <= 0) lose(`no answer within ${timeouts.requestMs} ms`, true)
    else timer = clock.schedule(restUs / 1000, watch)
  }

  function settle(response: HttpResponse): void {
    const current = exchange!
    exchange = null
    current.resolve(response)
  }

  function lose(why: string, isTimeout = false): void {
    isOpen = false
    const current = exchange
    exchange = null
    // Ends in `close` at once, which must not find the exchange any more.
    socket?.terminate()
    timer?.cancel()
    current?.reject(new ConnectionLost(why, isTimeout))
  }

  function pump(target: Socket): void {
    if (outAt >= out.length) return
    const written = target.write(out, outAt)
    if (written < 0) lose('the connection was closed while a request was written')
    else outAt += written
  }

  function receive(parse: () => HttpResponse | null): void {
    try {
      const response = parse()
      if (response === null) return
      if (exchange === null) {
        lose('the upstream answered without a request')
        return
      }
      if (!response.keepAlive || outAt < out.length) {
        isOpen = false
        socket?.end()
      }
      settle(response)
    } catch (error) {
      lose(`the upstream's answer is not HTTP/1.1: ${(error as Error).message}`)
    }
  }

  let socket: Socket | null = null
  socket = await connect(endpoint, timeouts.connectMs, clock, {
    drain: pump,
    data: (_socket, chunk) => receive(() => reader.push(chunk)),
    end: () => receive(() => reader.end()),
    close: () => lose('the upstream closed the connection'),
    error: (_socket, error) => lose(`the connection broke: ${error.message}`),
  })

  return {
    request(head, bodies) {
      if (!isOpen) return Promise.reject(new ConnectionLost('the connection is closed'))
      const request = joined(head, bodies)
      return new Promise((resolve, reject) => {
        exchange = { resolve, reject, deadlineUs: clock.nowUs() + timeouts.requestMs * 1000 }
        timer ??= clock.schedule(timeouts.requestMs, watch)
        const written = socket!.write(request)
        if (written === request.length) out = NOTHING
        else if (written < 0) lose('the connection was closed while a request was written')
        else out = Buffer.from(request.subarray(written))
        outAt = 0
      })
    },
    isOpen: () => isOpen,
    close() {
      isOpen = false
      timer?.cancel()
      socket?.terminate()
    },
  }
}

type Handlers = Pick<Bun.SocketHandler<undefined>, 'drain' | 'data' | 'end' | 'close' | 'error'>

function connect(
  endpoint: HttpEndpoint,
  timeoutMs: number,
  clock: Clock,
  handlers: Handlers,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const where = `${endpoint.hostname}:${endpoint.port}`
    const timer = clock.schedule(timeoutMs, () => {
      isLate = true
      reject(new ConnectionLost(`no connection to ${where} within ${timeoutMs} ms`, true))
    })
    const fail = (why: string) => {
      timer.cancel()
      reject(new ConnectionLost(`no connection to ${where}: ${why}`))
    }
    const opened = (socket: Socket) => {
      timer.cancel()
      if (isLate) socket.terminate()
      else resolve(socket)
    }
    Bun.connect<undefined>({
      hostname: endpoint.hostname,
      port: endpoint.port,
      ...(endpoint.tls ? { tls: { serverName: endpoint.hostname } } : {}),
      socket: {
        ...handlers,
        open: (socket) => {
          if (!endpoint.tls) opened(socket)
        },
        handshake: (socket, isAuthorized, error) => {
          if (isAuthorized) opened(socket)
          else {
            socket.terminate()
            fail(error?.message ?? 'TLS refused')
          }
        },
        connectError: (_socket, error) => fail(error.message),
      },
    }).catch((error: Error) => fail(error.message))
  })
}
