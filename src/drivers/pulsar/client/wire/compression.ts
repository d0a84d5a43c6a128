import type { Buffer } from 'node:buffer'
import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { protocolError } from '../errors.ts'
import { lz4Compress, lz4Decompress } from './lz4-block.ts'
import { COMPRESSION } from './metadata.ts'
import { snappyCompress, snappyDecompress } from './snappy-block.ts'

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
  if (outputBytes < 0 || outputBytes > limitBytes) {
    throw protocolError(`expected at most ${limitBytes} bytes after decompression, got ${outputBytes}`)
  }
  if (codec === COMPRESSION.lz4) return lz4Decompress(payload, outputBytes)
  if (codec === COMPRESSION.snappy) return snappyDecompress(payload, outputBytes)
  if (codec !== COMPRESSION.zlib && codec !== COMPRESSION.zstd) {
    throw protocolError(`expected a known compression, got number ${codec}`)
  }
  const inflated = inflate(codec, payload, outputBytes)
  if (inflated.length === outputBytes) return inflated
  throw protocolError(`expected ${outputBytes} bytes after decompression, got ${inflated.length}`)
}

function inflate(codec: number, payload: Buffer, outputBytes: number): Buffer {
  const options = { maxOutputLength: Math.max(1, outputBytes) }
  try {
    return codec === COMPRESSION.zlib ? inflateSync(payload, options) : zstdDecompressSync(payload, options)
  } catch (error) {
    throw protocolError(`expected a payload that can be decompressed: ${(error as Error).message}`)
  }
}
