import type { Clock, Timer } from '../../clock/clock.ts'
import { createResponseReader, type HttpResponse, type HttpResponseReader } from './response.ts'

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
   * Sends `head` (request line and headers, with the blank line) and `bodies` behind it.
   *
   * @throws ConnectionLost when it breaks, times out, or the answer is not HTTP; it is of no more use then.
   */
  request(head: Uint8Array, bodies: readonly Uint8Array[]): Promise<HttpResponse>
  isOpen(): boolean
  close(): void
}

interface Exchange {
  readonly resolve: (response: HttpResponse) => void
  readonly reject: (error: ConnectionLost) => void
  readonly timer: Timer
}

/** @throws ConnectionLost when it cannot be made in time. */
export async function openConnection(
  endpoint: HttpEndpoint,
  timeouts: HttpTimeouts,
  clock: Clock,
): Promise<HttpConnection> {
  let reader: HttpResponseReader = createResponseReader()
  let exchange: Exchange | null = null
  let isOpen = true
  // One buffer for header and bodies, kept for the next request: one write is cheaper than two, copy included.
  let out = Buffer.alloc(0)
  let outAt = 0
  let outEnd = 0

  function settle(response: HttpResponse): void {
    const current = exchange!
    exchange = null
    current.timer.cancel()
    current.resolve(response)
  }

  function lose(why: string, isTimeout = false): void {
    isOpen = false
    const current = exchange
    exchange = null
    // Ends in `close` at once, which must not find the exchange any more.
    socket?.terminate()
    current?.timer.cancel()
    current?.reject(new ConnectionLost(why, isTimeout))
  }

  function pump(target: Socket): void {
    if (outAt >= outEnd) return
    const written = target.write(out, outAt, outEnd - outAt)
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
      if (!response.keepAlive || outAt < outEnd) {
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
      reader = createResponseReader()
      let size = head.length
      for (const body of bodies) size += body.length
      if (out.length < size) out = Buffer.allocUnsafe(size)
      out.set(head, 0)
      outAt = 0
      outEnd = head.length
      for (const body of bodies) {
        out.set(body, outEnd)
        outEnd += body.length
      }
      return new Promise((resolve, reject) => {
        const timer = clock.schedule(timeouts.requestMs, () =>
          lose(`no answer within ${timeouts.requestMs} ms`, true),
        )
        exchange = { resolve, reject, timer }
        pump(socket!)
      })
    },
    isOpen: () => isOpen,
    close() {
      isOpen = false
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
