// The loop of the checksum as a WebAssembly module, assembled here: a page of instructions needs no compiler of its own.
// Beside JavaScript it reads 8 bytes at once, checks no bounds, and is fast from the first call.
//
//   sum(crc i32, at i32, end i32) -> i32     over the imported memory, the tables at address 0
//   while at + 16 <= end: two words, the first XORed with crc; crc = XOR of 16 look-ups; at += 16
//   while at < end: one byte

const I32 = 0x7f
const I64 = 0x7e
const VOID = 0x40
/** Bytes of one table: 256 sums. */
const TABLE_BYTES = 1024
/** Tables the loop uses: as many bytes as it takes at once. */
export const SLICES = 16

const OP = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  get: 0x20,
  set: 0x21,
  load32: 0x28,
  load64: 0x29,
  load8: 0x2d,
  const32: 0x41,
  const64: 0x42,
  greater: 0x4b,
  notLess: 0x4f,
  add: 0x6a,
  and: 0x71,
  xor: 0x73,
  left: 0x74,
  right: 0x76,
  xor64: 0x85,
  right64: 0x88,
  low: 0xa7,
  widen: 0xad,
} as const

// Parameters and local variables.
const CRC = 0
const AT = 1
const END = 2
const WORDS = [3, 4]

/** LEB128; of constants, which are signed, bit 6 of the last byte is the sign. */
function varint(value: number, signed = false): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= (signed ? 64 : 128)) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  return [...bytes, rest]
}

const get = (local: number) => [OP.get, local]
const set = (local: number) => [OP.set, local]
const number = (value: number) => [OP.const32, ...varint(value, true)]
/** Of the address on the stack plus `offset`; the 0 promises no alignment. */
const load = (op: number, offset: number) => [op, 0, ...varint(offset)]
const advance = (bytes: number) => [...get(AT), ...number(bytes), OP.add, ...set(AT)]

/** The sum that byte `place` of a word has in a table. */
function lookUp(word: number, place: number, table: number): number[] {
  const shifted = place === 0 ? [] : [OP.const64, ...varint(8 * place, true), OP.right64]
  const address = [...number(255), OP.and, ...number(2), OP.left]
  return [...get(word), ...shifted, OP.low, ...address, ...load(OP.load32, table * TABLE_BYTES)]
}

function manyBytes(): number[] {
  const words = WORDS.flatMap((word, i) => [
    ...get(AT),
    ...load(OP.load64, 8 * i),
    ...(i === 0 ? [...get(CRC), OP.widen, OP.xor64] : []),
    ...set(word),
  ])
  // From the last byte to the first: what depends on the sum before comes last, so rounds overlap in the processor.
  const sums = Array.from({ length: SLICES }, (_, table) => {
    const place = SLICES - 1 - table
    return [...lookUp(WORDS[place >> 3]!, place & 7, table), ...(table > 0 ? [OP.xor] : [])]
  })
  const isOver = [...get(AT), ...number(SLICES), OP.add, ...get(END), OP.greater]
  return repeat(isOver, [...words, ...sums.flat(), ...set(CRC), ...advance(SLICES)])
}

function singleBytes(): number[] {
  const index = [...get(CRC), ...get(AT), ...load(OP.load8, 0), OP.xor, ...number(255), OP.and]
  const sum = [...index, ...number(2), OP.left, ...load(OP.load32, 0)]
  const shifted = [...get(CRC), ...number(8), OP.right, OP.xor]
  return repeat([...get(AT), ...get(END), OP.notLess], [...sum, ...shifted, ...set(CRC), ...advance(1)])
}

function repeat(isOver: number[], body: number[]): number[] {
  return [OP.block, VOID, OP.loop, VOID, ...isOver, OP.branchIf, 1, ...body, OP.branch, 0, OP.end, OP.end]
}

/** A section: its number, its size, a vector of one element. */
function section(id: number, element: number[]): number[] {
  const content = [1, ...element]
  return [id, ...varint(content.length), ...content]
}

/** The module: imports `a.m`, a memory with the tables at its start, and exports `f`. */
export function crc32cModule(): Uint8Array<ArrayBuffer> {
  const name = (letter: string) => [1, letter.charCodeAt(0)]
  const locals = [1, WORDS.length, I64]
  const code = [...locals, ...manyBytes(), ...singleBytes(), ...get(CRC), OP.end]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, 3, I32, I32, I32, 1, I32]),
    ...section(2, [...name('a'), ...name('m'), 2, 0, 1]),
    ...section(3, [0]),
    ...section(7, [...name('f'), 0, 0]),
    ...section(10, [...varint(code.length), ...code]),
  ])
}
