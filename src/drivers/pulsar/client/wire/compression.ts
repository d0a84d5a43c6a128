import type { Buffer } from 'node:buffer'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { protocolError } from '../errors.ts'
import { lz4Compress, lz4Decompress } from './lz4-block.ts'
import { COMPRESSION } from './metadata.ts'
import { snappyCompress, snappyDecompress } from './snappy-block.ts'
import { ZLIB_MAX_RATIO, zlibDecompress } from './zlib-stream.ts'
import { zstdDecompress } from './zstd-frame.ts'

/** What one byte can become at most, by codec: a size beyond it is a lie, and must not be allocated. */
const MAX_RATIO: Readonly<Record<number, number>> = {
  [COMPRESSION.lz4]: 255,
  [COMPRESSION.zlib]: ZLIB_MAX_RATIO,
  [COMPRESSION.zstd]: 32_768,
  [COMPRESSION.snappy]: 32,
}
const RATIO_SLACK_BYTES = 64

/** Compresses a whole payload. */
export function compress(codec: number, payload: Buffer): Buffer {
  switch (codec) {
    case COMPRESSION.lz4:
      return lz4Compress(payload)
    case COMPRESSION.zlib:
      return deflateSync(payload)
    case COMPRESSION.zstd:
      return zstdCompressSync(payload)
    case COMPRESSION.snappy:
      return snappyCompress(payload)
    default:
      return payload
  }
}

/** Decompresses to exactly `outputBytes` bytes, of which there may be at most `limitBytes`; else a `protocol error`. */
export function decompress(codec: number, payload: Buffer, outputBytes: number, limitBytes: number): Buffer {
  if (codec === COMPRESSION.none) return payload
  const possibleBytes = payload.length * (MAX_RATIO[codec] ?? 0) + RATIO_SLACK_BYTES
  const mostBytes = Math.min(limitBytes, possibleBytes)
  if (outputBytes < 0 || outputBytes > mostBytes) {
    throw protocolError(`expected at most ${mostBytes} bytes after decompression, got ${outputBytes}`)
  }
  switch (codec) {
    case COMPRESSION.lz4:
      return lz4Decompress(payload, outputBytes)
    case COMPRESSION.zlib:
      return zlibDecompress(payload, outputBytes)
    case COMPRESSION.zstd:
      return zstdDecompress(payload, outputBytes)
    case COMPRESSION.snappy:
      return snappyDecompress(payload, outputBytes)
    default:
      throw protocolError(`expected a known compression, got number ${codec}`)
  }
}
