/** Wire types of the protobuf encoding. */
export const WIRE = {
  varint: 0,
  fixed64: 1,
  length: 2,
  groupStart: 3,
  groupEnd: 4,
  fixed32: 5,
} as const

/** The number in front of a field: its number and wire type. */
export function tagOf(fieldNumber: number, wireType: number): number {
  return fieldNumber * 8 + wireType
}
