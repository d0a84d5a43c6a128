import { Buffer } from 'node:buffer'
import { ClientError } from './errors.ts'

/** Certificates as PEM texts. */
export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Name the broker's certificate must carry, where it differs from the host. */
  readonly serverName?: string
  /** False accepts any certificate. */
  readonly rejectUnauthorized: boolean
}

/** A byte stream with a queue of its own in front of it. */
export interface ByteSocket {
  /**
   * Sends all bytes, in order; what the system does not take waits here: as much as producers may have pending. The
   * buffer must not change afterwards.
   */
  write(bytes: Buffer): void
  /** Drops what waits and ends the stream; `onClose` follows. */
  destroy(): void
}

export interface SocketEvents {
  readonly onData: (chunk: Buffer) => void
  /** Called once, for whatever reason. */
  readonly onClose: (reason: string) => void
}

/** Connects, plain or with TLS (the handshake done). Rejects with a `ClientError` when it takes too long. */
export async function openSocket(
  host: string,
  port: number,
  tls: TlsOptions | null,
  timeoutMs: number,
  events: SocketEvents,
): Promise<ByteSocket> {
  const at = `${host}:${port}`
  const waiting: Buffer[] = []
  let socket: Bun.Socket | null = null
  let closed = false
  let settle: { resolve(): void; reject(error: Error): void } | null = null

  function flush(): void {
    while (waiting.length > 0 && socket !== null) {
      const first = waiting[0]!
      const taken = Math.max(0, socket.write(first))
      if (taken < first.length) {
        waiting[0] = first.subarray(taken)
        return
      }
      waiting.shift()
    }
  }

  function notOpened(reason: string): ClientError {
    if (tls === null || socket === null)
      return new ClientError('connection refused', `${at}: ${reason}`, true)
    return new ClientError('TLS failed', `${at}: the TLS handshake failed: ${reason}`, true)
  }

  function ended(reason: string): void {
    if (closed) return
    closed = true
    waiting.length = 0
    const waiter = settle
    settle = null
    if (waiter !== null) waiter.reject(notOpened(reason))
    else events.onClose(reason)
  }

  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const established = () => {
    settle?.resolve()
    settle = null
  }
  const timer = setTimeout(() => {
    ended(`no connection within ${timeoutMs} ms`)
    socket?.terminate()
  }, timeoutMs)
  const connecting = Bun.connect({
    hostname: host,
    port,
    ...(tls !== null && { tls: bunTls(host, tls) }),
    socket: {
      open(opened) {
        socket = opened
        opened.setNoDelay(true)
        if (closed) opened.terminate()
        else if (tls === null) established()
      },
      handshake(_, success, error) {
        if (success && !(error && tls?.rejectUnauthorized)) established()
        else {
          ended(error?.message ?? 'no reason given')
          socket?.terminate()
        }
      },
      data: (_, chunk) => events.onData(chunk),
      drain: () => flush(),
      close: (_, error) => ended(error?.message ?? 'the broker closed the connection'),
      error: (_, error) => ended(error.message),
      end: () => ended('the broker closed the connection'),
      connectError: (_, error) => ended(error.message),
    },
  })
  connecting.catch((error: unknown) => ended(error instanceof Error ? error.message : String(error)))
  try {
    await ready
  } finally {
    clearTimeout(timer)
  }

  return {
    write(bytes) {
      if (closed || socket === null) return
      if (waiting.length > 0) {
        waiting.push(bytes)
        return
      }
      const taken = Math.max(0, socket.write(bytes))
      if (taken === bytes.length) return
      waiting.push(bytes.subarray(taken))
    },
    destroy() {
      if (closed) return
      socket?.terminate()
      ended('closed')
    },
  }
}

function bunTls(host: string, tls: TlsOptions) {
  return {
    serverName: tls.serverName ?? host,
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca !== undefined && { ca: Buffer.from(tls.ca) }),
    ...(tls.cert !== undefined && { cert: Buffer.from(tls.cert) }),
    ...(tls.key !== undefined && { key: Buffer.from(tls.key) }),
  }
}
