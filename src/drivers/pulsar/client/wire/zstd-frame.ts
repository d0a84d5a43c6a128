import { Buffer } from 'node:buffer'
import { protocolError } from '../errors.ts'

// Zstandard frame (RFC 8878, 3.1.1), little-endian =
//   magic 28b52ffd, flags u8, [window u8], [dictionary id u8, u16 or u32], [content size u8, u16, u32 or u64],
//   blocks of (last bit 0 | kind bits 1–2 | size bits 3–23, content), [checksum u32]
// The runtime allocates what the frame says, or has no limit where the frame doesn't say. So the frame is made to say
// what is expected, and nothing may follow it.

const MAGIC = 0xfd2fb528
const DICTIONARY_BYTES = [0, 1, 2, 4]
const SIZE_BYTES = [0, 2, 4, 8]
const SIZE_IN_FOUR_BYTES = 0x80
const RLE = 1
const RESERVED = 3

interface FrameHeader {
  /** Where the content size stands, or would. */
  readonly sizeAt: number
  readonly sizeBytes: number
  readonly hasChecksum: boolean
}

const damaged = () => protocolError('expected a whole Zstandard frame, got a cut or damaged one')

/** Decompresses one frame of exactly `outputBytes` bytes (at most 2^32 − 1); anything else is a `protocol error`. */
export function zstdDecompress(frame: Buffer, outputBytes: number): Buffer {
  const header = readHeader(frame)
  checkBlocks(frame, header)
  try {
    return Bun.zstdDecompressSync(sized(frame, header, outputBytes))
  } catch (error) {
    throw protocolError(`expected a payload that can be decompressed: ${(error as Error).message}`)
  }
}

function readHeader(frame: Buffer): FrameHeader {
  if (frame.length < 6 || frame.readUInt32LE(0) !== MAGIC) throw damaged()
  const flags = frame[4]!
  const isSingleSegment = (flags & 0x20) !== 0
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + DICTIONARY_BYTES[flags & 3]!
  const sizeBytes = isSingleSegment && flags >>> 6 === 0 ? 1 : SIZE_BYTES[flags >>> 6]!
  if (sizeAt + sizeBytes > frame.length) throw damaged()
  return { sizeAt, sizeBytes, hasChecksum: (flags & 4) !== 0 }
}

/** One frame and nothing else: another one behind it would bring a size of its own. */
function checkBlocks(frame: Buffer, { sizeAt, sizeBytes, hasChecksum }: FrameHeader): void {
  let at = sizeAt + sizeBytes
  for (let isLast = false; !isLast; ) {
    if (frame.length - at < 3) throw damaged()
    const block = frame.readUIntLE(at, 3)
    const kind = (block >>> 1) & 3
    if (kind === RESERVED) throw damaged()
    isLast = (block & 1) === 1
    at += 3 + (kind === RLE ? 1 : block >>> 3)
  }
  if (at + (hasChecksum ? 4 : 0) !== frame.length) throw damaged()
}

/** The frame, stating its size: compressors that write a stream do not know it. */
function sized(frame: Buffer, { sizeAt, sizeBytes }: FrameHeader, outputBytes: number): Buffer {
  if (sizeBytes > 0) {
    const size = contentSize(frame, sizeAt, sizeBytes)
    if (size === BigInt(outputBytes)) return frame
    throw protocolError(`expected a payload of ${outputBytes} bytes, the frame says ${size}`)
  }
  const head = Buffer.alloc(sizeAt + 4)
  frame.copy(head, 0, 0, sizeAt)
  head[4]! |= SIZE_IN_FOUR_BYTES
  head.writeUInt32LE(outputBytes, sizeAt)
  return Buffer.concat([head, frame.subarray(sizeAt)])
}

function contentSize(frame: Buffer, at: number, bytes: number): bigint {
  if (bytes === 8) return frame.readBigUInt64LE(at)
  const plain = frame.readUIntLE(at, bytes)
  return BigInt(bytes === 2 ? plain + 256 : plain)
}
