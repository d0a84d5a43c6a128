import type { LoadTarget } from './load-connection.ts'

export interface SocketEvents {
  /** `chunk` is the receiver's from here on. */
  onData(chunk: Buffer): void
  /** Once, unless `close` was called before. */
  onLost(why: string): void
}

/** A TCP connection that keeps what the kernel does not take at once, in order. */
export interface SocketWriter {
  /** `bytes` must not change until they are written: they are not copied. */
  write(bytes: Uint8Array): void
  /** Ends it and tells `onLost`. */
  destroy(why: string): void
  /** Ends it silently. */
  close(): void
}

/** @throws Error when the connection cannot be made. */
export async function openWriter(target: LoadTarget, events: SocketEvents): Promise<SocketWriter> {
  let isOpen = true
  let waiting: Uint8Array[] = []

  function lose(why: string): void {
    if (!isOpen) return
    isOpen = false
    socket.terminate()
    events.onLost(why)
  }

  function flush(): void {
    let taken = 0
    for (const bytes of waiting) {
      const written = socket.write(bytes)
      if (written < bytes.length) {
        waiting[taken] = bytes.subarray(Math.max(0, written))
        break
      }
      taken++
    }
    waiting = waiting.slice(taken)
  }

  const socket = await Bun.connect({
    ...target,
    socket: {
      data: (_socket, chunk) => {
        if (isOpen) events.onData(chunk)
      },
      drain: flush,
      end: () => lose('closed by the server'),
      close: () => lose('closed by the server'),
      error: (_socket, error) => lose(error.message),
    },
  })
  socket.setNoDelay(true)

  return {
    write(bytes) {
      if (!isOpen) return
      if (waiting.length > 0) {
        waiting.push(bytes)
        return
      }
      const written = Math.max(0, socket.write(bytes))
      if (written < bytes.length) waiting.push(bytes.subarray(written))
    },
    destroy: lose,
    close() {
      isOpen = false
      socket.terminate()
    },
  }
}
