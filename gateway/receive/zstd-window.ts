const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const RLE_BLOCK = 1

/**
 * The largest window that a decoder must set up for these Zstandard frames (RFC 8878, section 3.1.1): it is named in a
 * few bytes and allocated at once. Null for what are no frames; a decoder may still find fault with the others.
 */
export function zstdWindowBytes(data: Uint8Array): number | null {
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  let largest = 0
  let at = 0
  try {
    while (at < data.length) {
      const magic = view.getUint32(at, true)
      if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
        at += 8 + view.getUint32(at + 4, true)
        continue
      }
      if (magic !== FRAME_MAGIC) return null
      const header = readHeader(view, at + 4)
      largest = Math.max(largest, header.windowBytes)
      at = endOfBlocks(view, header.end) + (header.hasChecksum ? 4 : 0)
    }
  } catch (error) {
    // A read beyond the end: the decoder says it better.
    if (error instanceof RangeError) return largest
    throw error
  }
  return largest
}

function readHeader(view: DataView, start: number) {
  const descriptor = view.getUint8(start)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >>> 6
  let at = start + 1
  let windowBytes = 0
  if (!isSingleSegment) {
    const window = view.getUint8(at++)
    const base = 2 ** (10 + (window >>> 3))
    windowBytes = base + (base / 8) * (window & 7)
  }
  at += DICTIONARY_ID_BYTES[descriptor & 3]!
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag]!
  // A single segment's window is its content.
  if (isSingleSegment) windowBytes = contentSize(view, at, sizeBytes)
  return { windowBytes, hasChecksum: (descriptor & 4) !== 0, end: at + sizeBytes }
}

function contentSize(view: DataView, at: number, sizeBytes: number): number {
  if (sizeBytes === 1) return view.getUint8(at)
  if (sizeBytes === 2) return view.getUint16(at, true) + 256
  return sizeBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
}

function endOfBlocks(view: DataView, start: number): number {
  let at = start
  for (;;) {
    const header = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16)
    const size = header >>> 3
    at += 3 + (((header >>> 1) & 3) === RLE_BLOCK ? 1 : size)
    if ((header & 1) !== 0) return at
  }
}
