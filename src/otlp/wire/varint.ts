/** The longest varint protobuf allows. */
export const MAX_VARINT_BYTES = 10

/** Bytes a length (or any number below 2^35) takes as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  if (value < 0x10000000) return 4
  return 5
}

/** Writes `value` (0 … 2^31 − 1) at `at`; returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value
  let pos = at
  while (rest > 0x7f) {
    bytes[pos++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[pos++] = rest
  return pos
}
