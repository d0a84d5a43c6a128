import { Buffer } from 'node:buffer'
import { constants, deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { protocolError } from '../errors.ts'
import { lz4Compress, lz4Decompress } from './lz4-block.ts'
import { COMPRESSION } from './metadata.ts'
import { snappyCompress, snappyDecompress } from './snappy-block.ts'

/** What one byte can become at most, by codec: a size beyond it is a lie, and must not be allocated. */
const MAX_RATIO: Readonly<Record<number, number>> = {
  [COMPRESSION.lz4]: 255,
  [COMPRESSION.zlib]: 1032,
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
  if (codec === COMPRESSION.lz4) return lz4Decompress(payload, outputBytes)
  if (codec === COMPRESSION.snappy) return snappyDecompress(payload, outputBytes)
  if (codec !== COMPRESSION.zlib && codec !== COMPRESSION.zstd) {
    throw protocolError(`expected a known compression, got number ${codec}`)
  }
  const inflated = inflate(codec, payload, outputBytes)
  if (inflated.length === outputBytes) return inflated
  throw protocolError(`expected ${outputBytes} bytes after decompression, got ${inflated.length}`)
}

const ZSTD_HEADER_BYTES = 18
const ZSTD_DICTIONARY_BYTES = [0, 1, 2, 4]
const ZSTD_SIZE_BYTES = [0, 2, 4, 8]

/**
 * Size that a Zstandard frame (RFC 8878, 3.1.1.1) claims to have, null where it does not say. The runtime allocates
 * what the frame claims, so it must be looked at before.
 */
function zstdClaim(payload: Buffer): bigint | null {
  const header = Buffer.alloc(ZSTD_HEADER_BYTES)
  payload.copy(header)
  const flags = header[4]!
  const isSingleSegment = (flags & 0x20) !== 0
  const at = 5 + (isSingleSegment ? 0 : 1) + ZSTD_DICTIONARY_BYTES[flags & 3]!
  const bytes = ZSTD_SIZE_BYTES[flags >>> 6]!
  if (bytes === 0) return isSingleSegment ? BigInt(header[at]!) : null
  if (bytes === 2) return BigInt(header.readUInt16LE(at) + 256)
  return bytes === 4 ? BigInt(header.readUInt32LE(at)) : header.readBigUInt64LE(at)
}

/** The protocol's Java client flushes its zlib streams and does not end them; what is cut lacks bytes in the end. */
const UNFINISHED = { finishFlush: constants.Z_SYNC_FLUSH }

function inflate(codec: number, payload: Buffer, outputBytes: number): Buffer {
  const claim = codec === COMPRESSION.zstd ? zstdClaim(payload) : null
  if (claim !== null && claim !== BigInt(outputBytes)) {
    throw protocolError(`expected a payload of ${outputBytes} bytes, the frame says ${claim}`)
  }
  const options = { maxOutputLength: Math.max(1, outputBytes) }
  try {
    return codec === COMPRESSION.zlib
      ? inflateSync(payload, { ...options, ...UNFINISHED })
      : zstdDecompressSync(payload, options)
  } catch (error) {
    throw protocolError(`expected a payload that can be decompressed: ${(error as Error).message}`)
  }
}
