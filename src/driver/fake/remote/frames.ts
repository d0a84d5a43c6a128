/**
 * Frames of the fake's own protocol, after a four-byte length (big-endian, of what follows):
 *
 *     request  = 1 json {id, method, …}         client → server
 *     reply    = 2 json {id, error?, code?}     server → client
 *     publish  = 3 batch                        client → server
 *     settled  = 4 range                        server → client
 *     delivery = 5 messages                     server → client
 *     ack      = 6 handle:u32 delivery:u32      client → server
 *     flow     = 7 handle:u32 paused:u8         client → server
 */
export const FRAME = { request: 1, reply: 2, publish: 3, settled: 4, delivery: 5, ack: 6, flow: 7 } as const

const LENGTH_BYTES = 4
const MAX_FRAME_BYTES = 1024 * 1024 * 1024

/** Cuts a byte stream into frames. The body is a view that lives only during the callback. */
export function frameReader(onFrame: (type: number, body: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = []
  let restBytes = 0
  let neededBytes = LENGTH_BYTES

  return (chunk) => {
    restBytes += chunk.length
    const complete = restBytes >= neededBytes
    // What is kept beyond this call is a copy: the runtime may reuse the chunk.
    rest.push(complete ? chunk : Buffer.from(chunk))
    if (!complete) return
    const bytes = rest.length === 1 ? chunk : Buffer.concat(rest)
    let at = 0
    neededBytes = LENGTH_BYTES
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(at)
      if (length < 1 || length > MAX_FRAME_BYTES)
        throw new Error(`expected a frame, got one of ${length} bytes`)
      if (bytes.length - at < LENGTH_BYTES + length) {
        neededBytes = LENGTH_BYTES + length
        break
      }
      onFrame(bytes[at + LENGTH_BYTES]!, bytes.subarray(at + LENGTH_BYTES + 1, at + LENGTH_BYTES + length))
      at += LENGTH_BYTES + length
    }
    rest = at === bytes.length ? [] : [Buffer.from(bytes.subarray(at))]
    restBytes = bytes.length - at
  }
}

/** The part of a socket that the writer needs. */
export interface ByteSink {
  /** Takes what it can at once; returns how many bytes. */
  write(bytes: Buffer): number
}

/** Gathers all frames of one turn into one write. */
export interface FrameWriter {
  write(type: number, body: Buffer): void
  /** Call when the socket can take more. */
  drain(): void
}

/** The queue is bounded by what the protocol lets be in flight: capacity of producers, prefetch of consumers. */
export function frameWriter(sink: ByteSink): FrameWriter {
  let queue: Buffer[] = []
  let flushDue = false
  let blocked = false

  function flush(): void {
    flushDue = false
    if (blocked || queue.length === 0) return
    const bytes = queue.length === 1 ? queue[0]! : Buffer.concat(queue)
    const written = Math.max(0, sink.write(bytes))
    blocked = written < bytes.length
    queue = blocked ? [bytes.subarray(written)] : []
  }

  return {
    write(type, body) {
      const head = Buffer.allocUnsafe(LENGTH_BYTES + 1)
      head.writeUInt32BE(body.length + 1, 0)
      head[LENGTH_BYTES] = type
      queue.push(head, body)
      if (flushDue) return
      flushDue = true
      queueMicrotask(flush)
    },
    drain() {
      blocked = false
      flush()
    },
  }
}
