import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'
import { inflate } from './inflate.ts'

/** What one byte of a zlib stream can become at most. */
export const ZLIB_MAX_RATIO = 1032
/** A stream that might become larger is left to our own reader, which is slower and stops at the size it is told. */
const NATIVE_OUTPUT_LIMIT_BYTES = 33_554_432
const NATIVE_INPUT_LIMIT_BYTES = Math.floor(NATIVE_OUTPUT_LIMIT_BYTES / ZLIB_MAX_RATIO)
const WITH_ZLIB_HEADER = { windowBits: 15 } as const
const RAW = { windowBits: -15 } as const
const ZLIB_HEADER_BYTES = 2
/** An empty stored block without its head: what a flush leaves at the end. No sum of a whole stream looks like it. */
const FLUSHED_END = Buffer.from('0000ffff', 'hex')
/** An empty last block. */
const LAST_BLOCK = Buffer.from('0300', 'hex')

/**
 * Decompresses a zlib stream (RFC 1950) of exactly `outputBytes` bytes; anything else is a `protocol error`.
 * `node:zlib` would take a limit, but on this runtime it never frees the state of a stream that fails (about 6.7 KB);
 * `Bun.inflateSync` frees it and takes no limit, so it gets only what cannot become large.
 */
export function zlibDecompress(stream: Buffer, outputBytes: number): Buffer {
  // The protocol's Java client flushes its streams and never ends them: no last block, no sum; nothing for nothing.
  if (stream.length === 0 && outputBytes === 0) return stream
  const isFlushed = stream.subarray(-FLUSHED_END.length).equals(FLUSHED_END)
  const whole = isFlushed ? Buffer.concat([stream, LAST_BLOCK]) : stream
  if (whole.length > NATIVE_INPUT_LIMIT_BYTES) return inflate(whole, outputBytes, !isFlushed)
  const output = isFlushed
    ? inflateNatively(whole.subarray(ZLIB_HEADER_BYTES), RAW)
    : inflateNatively(whole, WITH_ZLIB_HEADER)
  if (output.length === outputBytes) return output
  throw protocolError(`expected ${outputBytes} bytes from zlib, got ${output.length}`)
}

function inflateNatively(stream: Buffer, format: { readonly windowBits: 15 | -15 }): Buffer {
  try {
    const output = Bun.inflateSync(stream as Buffer<ArrayBuffer>, format)
    return Buffer.from(output.buffer, output.byteOffset, output.length)
  } catch (error) {
    throw protocolError(`expected a whole zlib stream: ${(error as Error).message}`)
  }
}
