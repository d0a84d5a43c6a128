import { malformed } from './malformed.ts'
import { MAX_VARINT_BYTES } from './varint.ts'

// Readers over a buffer and a position. Those that give a number leave the position behind it in `cursor`: no object a
// read. A read past the buffer gives `undefined`; the comparisons are written so that it ends as malformed.

/** Where the last `readTag` or `readLength` stopped. */
export let cursor = 0

/** Position behind the varint at `pos`. */
export function skipVarint(bytes: Uint8Array, pos: number, end: number): number {
  let at = pos
  while (at < end) {
    if (bytes[at++]! < 0x80) return at
    if (at - pos >= MAX_VARINT_BYTES) malformed('varint longer than 10 bytes', pos)
  }
  malformed('truncated varint', pos)
}

/** A length at `pos`, of a payload that must end at or before `end`. */
export function readLength(bytes: Uint8Array, pos: number, end: number): number {
  const stop = skipVarint(bytes, pos, end)
  let length = 0
  let scale = 1
  for (let at = pos; at < stop; at++) {
    length += (bytes[at]! & 0x7f) * scale
    scale *= 128
  }
  if (length > end - stop) malformed('length beyond the end of the message', pos)
  cursor = stop
  return length
}

/** The tag at `pos`: field number × 8 + wire type. */
export function readTag(bytes: Uint8Array, pos: number, end: number): number {
  const stop = skipVarint(bytes, pos, end)
  let tag = 0
  let scale = 1
  for (let at = pos; at < stop; at++) {
    tag += (bytes[at]! & 0x7f) * scale
    scale *= 128
  }
  if (tag > 0xffffffff) malformed('field number beyond 2^29 - 1', pos)
  if (tag < 8) malformed('field number 0', pos)
  cursor = stop
  return tag
}

/** Position behind the field whose tag was read, `pos` being behind the tag. Groups are not part of proto3. */
export function skipField(bytes: Uint8Array, tag: number, pos: number, end: number): number {
  let next = 0
  switch (tag & 7) {
    case 0:
      return skipVarint(bytes, pos, end)
    case 1:
      next = pos + 8
      break
    case 2: {
      const length = readLength(bytes, pos, end)
      return cursor + length
    }
    case 5:
      next = pos + 4
      break
    default:
      malformed('group or unknown wire type', pos)
  }
  if (next > end) malformed('truncated field', pos)
  return next
}
