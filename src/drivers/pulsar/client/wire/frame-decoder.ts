import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { takeFrame } from '../frame-pool.ts'

// frame = totalSize u32 (big-endian, does not count itself) then totalSize bytes

const SIZE_BYTES = 4
/** The smallest frame holds the size of an empty command. */
const MIN_FRAME_BYTES = 4

/**
 * Takes a frame without its totalSize: `buffer[start … end)`. It may keep views: nobody writes there again. Alone: the
 * buffer holds nothing else and is of `takeFrame`; who is done with it may give it back.
 */
export type FrameSink = (buffer: Buffer, start: number, end: number, alone: boolean) => void

/** Cuts a stream into frames. */
export interface FrameDecoder {
  /**
   * Hands over every frame that is whole by now. Throws a `protocol error` for a frame of impossible size; then the
   * stream is of no further use.
   */
  push(chunk: Buffer): void
  /** Largest frame accepted from now on, in bytes. */
  limit(maxFrameBytes: number): void
  /** Hands over nothing more. */
  stop(): void
}

/** Frames that lie whole in a chunk are not copied; of any other, at most one with `maxFrameBytes` is held. */
export function createFrameDecoder(maxFrameBytes: number, sink: FrameSink): FrameDecoder {
  const size = Buffer.alloc(SIZE_BYTES)
  let limitBytes = maxFrameBytes
  let sizeFilled = 0
  let partial: Buffer | null = null
  let filled = 0
  let stopped = false

  function check(frameBytes: number): number {
    if (frameBytes >= MIN_FRAME_BYTES && frameBytes <= limitBytes) return frameBytes
    throw protocolError(`expected a frame of ${MIN_FRAME_BYTES} to ${limitBytes} bytes, got ${frameBytes}`)
  }

  /** Completes the frame that began in an earlier chunk; returns where the next one starts. */
  function complete(chunk: Buffer): number {
    let at = 0
    if (partial === null) {
      while (sizeFilled < SIZE_BYTES && at < chunk.length) size[sizeFilled++] = chunk[at++]!
      if (sizeFilled < SIZE_BYTES) return at
      sizeFilled = 0
      partial = takeFrame(check(size.readUInt32BE(0)))
      filled = 0
    }
    const copied = chunk.copy(partial, filled, at)
    filled += copied
    at += copied
    if (filled === partial.length) {
      const whole = partial
      partial = null
      sink(whole, 0, whole.length, true)
    }
    return at
  }

  /** Keeps the beginning of a frame whose rest has not come. */
  function keep(chunk: Buffer, at: number): void {
    const rest = chunk.length - at
    if (rest < SIZE_BYTES) {
      sizeFilled = chunk.copy(size, 0, at)
      return
    }
    partial = takeFrame(check(chunk.readUInt32BE(at)))
    filled = chunk.copy(partial, 0, at + SIZE_BYTES)
  }

  return {
    push(chunk) {
      let at = partial !== null || sizeFilled > 0 ? complete(chunk) : 0
      while (!stopped && chunk.length - at >= SIZE_BYTES) {
        const start = at + SIZE_BYTES
        const end = start + check(chunk.readUInt32BE(at))
        if (end > chunk.length) break
        at = end
        sink(chunk, start, end, false)
      }
      if (!stopped && at < chunk.length) keep(chunk, at)
    },
    limit(bytes) {
      limitBytes = bytes
    },
    stop() {
      stopped = true
      partial = null
    },
  }
}
