// The loop of the checksum as a WebAssembly module, assembled here: a page of instructions needs no compiler of its own.
// Beside JavaScript it reads 8 bytes at once, checks no bounds, and is fast from the first call.
//
//   sum(crc i32, at i32, end i32) -> i32     over the imported memory, the tables at address 0; overwrites its input
//   if at + MIN_FOLDED_BYTES <= end: fold
//   while at + 16 <= end: two words, the first XORed with crc; crc = XOR of 16 look-ups; at += 16
//   while at < end: one byte
//
// Folding. The polynomial divides x^209 + x^144 + x^54 + x^39 + x^14 + 1 (of all with six terms the one of the lowest
// degree, found by search), hence also the 64th power of it, which has the same exponents in units of 64 bits: a word
// may be taken out of the message if it is XORed into the words that follow it by 209 − 144, 209 − 54, … places. So
// seen from where it arrives: each word is XORed with the ones that many places before it, until only as many words as
// the degree are left, and those go through the tables. That is 3 times as fast as the tables alone.
//
//   mem[at] ^= crc; crc = 0
//   while at + 8 × 209 + 32 <= end: four words, each XORed with the words before it; at += 32
//   of what is left, the words that had such a word before `at` are XORed with it

const I32 = 0x7f
const I64 = 0x7e
const VOID = 0x40
/** Bytes of one table: 256 sums. */
const TABLE_BYTES = 1024
/** Tables the loop uses: as many bytes as it takes at once. */
export const SLICES = 16

const WORD_BYTES = 8
/** How far before a word lie those that are XORed into it, in words. */
const FOLD_DISTANCES = [65, 155, 170, 195, 209]
/** Bytes before the input that must be zero; also what folding leaves. */
export const FOLD_BYTES = Math.max(...FOLD_DISTANCES) * WORD_BYTES
/** Below this the tables alone are faster. */
const MIN_FOLDED_BYTES = 3 * FOLD_BYTES
/** Words that one round folds. */
const FOLD_ROUND = 4

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
  store32: 0x36,
  store64: 0x37,
  const32: 0x41,
  const64: 0x42,
  greater: 0x4b,
  notLess: 0x4f,
  add: 0x6a,
  subtract: 0x6b,
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
/** Of 64 bits. */
const WORDS = [3, 4]
/** Address of the oldest word that is XORed into the one at `AT`, or of that one. */
const FROM = 5

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
/** At the address on the stack plus `offset`; the 0 promises no alignment. */
const access = (op: number, offset: number) => [op, 0, ...varint(offset)]
const sum = (local: number, bytes: number) => [...get(local), ...number(bytes), OP.add]
const advance = (local: number, bytes: number) => [...sum(local, bytes), ...set(local)]

/** The sum that byte `place` of a word has in a table. */
function lookUp(word: number, place: number, table: number): number[] {
  const shifted = place === 0 ? [] : [OP.const64, ...varint(8 * place, true), OP.right64]
  const address = [...number(255), OP.and, ...number(2), OP.left]
  return [...get(word), ...shifted, OP.low, ...address, ...access(OP.load32, table * TABLE_BYTES)]
}

function fold(): number[] {
  const roundBytes = FOLD_ROUND * WORD_BYTES
  const isShort = [...sum(AT, MIN_FOLDED_BYTES), ...get(END), OP.greater]
  const startSum = [
    ...get(AT),
    ...get(AT),
    ...access(OP.load32, 0),
    ...get(CRC),
    OP.xor,
    ...access(OP.store32, 0),
  ]
  const start = [
    ...startSum,
    ...number(0),
    ...set(CRC),
    ...get(AT),
    ...number(FOLD_BYTES),
    OP.subtract,
    ...set(FROM),
  ]
  const words = Array.from({ length: FOLD_ROUND }, (_, i) => foldWord(i * WORD_BYTES))
  const isOver = [...sum(FROM, 2 * FOLD_BYTES + roundBytes), ...get(END), OP.greater]
  const rounds = repeat(isOver, [...words.flat(), ...advance(FROM, roundBytes)])
  const end = [...sum(FROM, FOLD_BYTES), ...set(AT)]
  const rest = FOLD_DISTANCES.flatMap(foldRest)
  return [OP.block, VOID, ...isShort, OP.branchIf, 0, ...start, ...rounds, ...end, ...rest, OP.end]
}

/** Of the word `offset` after the one at `AT`. */
function foldWord(offset: number): number[] {
  const at = FOLD_BYTES + offset
  const word = [...get(FROM), ...access(OP.load64, at)]
  const before = FOLD_DISTANCES.flatMap((distance) => [
    ...get(FROM),
    ...access(OP.load64, at - distance * WORD_BYTES),
    OP.xor64,
  ])
  return [...get(FROM), ...word, ...before, ...access(OP.store64, at)]
}

/** XORs the words from `AT` on with the ones so many places before that were taken out. */
function foldRest(distance: number): number[] {
  const bytes = distance * WORD_BYTES
  const word = [...get(FROM), ...access(OP.load64, bytes), ...get(FROM), ...access(OP.load64, 0), OP.xor64]
  const round = [...get(FROM), ...word, ...access(OP.store64, bytes), ...advance(FROM, WORD_BYTES)]
  const start = [...get(AT), ...number(bytes), OP.subtract, ...set(FROM)]
  return [...start, ...repeat([...get(FROM), ...get(AT), OP.notLess], round)]
}

function manyBytes(): number[] {
  const words = WORDS.flatMap((word, i) => [
    ...get(AT),
    ...access(OP.load64, 8 * i),
    ...(i === 0 ? [...get(CRC), OP.widen, OP.xor64] : []),
    ...set(word),
  ])
  // From the last byte to the first: what depends on the sum before comes last, so rounds overlap in the processor.
  const sums = Array.from({ length: SLICES }, (_, table) => {
    const place = SLICES - 1 - table
    return [...lookUp(WORDS[place >> 3]!, place & 7, table), ...(table > 0 ? [OP.xor] : [])]
  })
  const isOver = [...sum(AT, SLICES), ...get(END), OP.greater]
  return repeat(isOver, [...words, ...sums.flat(), ...set(CRC), ...advance(AT, SLICES)])
}

function singleBytes(): number[] {
  const index = [...get(CRC), ...get(AT), ...access(OP.load8, 0), OP.xor, ...number(255), OP.and]
  const look = [...index, ...number(2), OP.left, ...access(OP.load32, 0)]
  const shifted = [...get(CRC), ...number(8), OP.right, OP.xor]
  return repeat([...get(AT), ...get(END), OP.notLess], [...look, ...shifted, ...set(CRC), ...advance(AT, 1)])
}

function repeat(isOver: number[], body: number[]): number[] {
  return [OP.block, VOID, OP.loop, VOID, ...isOver, OP.branchIf, 1, ...body, OP.branch, 0, OP.end, OP.end]
}

/** A section: its number, its size, a vector of one element. */
function section(id: number, element: number[]): number[] {
  const content = [1, ...element]
  return [id, ...varint(content.length), ...content]
}

/** The module: imports `a.m`, a memory with the tables at its start, and exports `f`. Before `at`, `FOLD_BYTES` are zero. */
export function crc32cModule(): Uint8Array<ArrayBuffer> {
  const name = (letter: string) => [1, letter.charCodeAt(0)]
  const locals = [2, WORDS.length, I64, 1, I32]
  const code = [...locals, ...fold(), ...manyBytes(), ...singleBytes(), ...get(CRC), OP.end]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, 3, I32, I32, I32, 1, I32]),
    ...section(2, [...name('a'), ...name('m'), 2, 0, 1]),
    ...section(3, [0]),
    ...section(7, [...name('f'), 0, 0]),
    ...section(10, [...varint(code.length), ...code]),
  ])
}
