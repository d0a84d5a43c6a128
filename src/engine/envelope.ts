/**
 * What every message carries about itself, in its last 48 bytes: body first, envelope last. A CRC-32 over everything
 * before it ends the message, so a receiver checks the whole with one call and no slice (the CRC of a message with its
 * own CRC appended is a constant), and a sender continues from the body's CRC, which it computes once per body.
 * All numbers are little-endian.
 *
 *      0 magic and version   4 run   8 phase   12 producer   16 stream
 *     20 producer sequence (low, high)   28 stream sequence (low, high)   36 scheduled µs (low, high)   44 CRC-32
 */
export const ENVELOPE_BYTES = 48

/** Largest producer and stream number that a receiver accepts: bounds its tables. */
export const MAX_PRODUCER = 0xffff
export const MAX_STREAM = 0xfffff

const MAGIC = 0x01_b5_e4_62
const CHECKED_BYTES = ENVELOPE_BYTES - 4
const CRC_OF_INTACT_MESSAGE = 0x2144df1c
const TWO_POW_32 = 2 ** 32

const header = new Uint8Array(ENVELOPE_BYTES)
const words = new Uint32Array(header.buffer)
const checked = header.subarray(0, CHECKED_BYTES)

/** What can be read from an envelope; `readEnvelope` fills one object over and over. */
export interface Envelope {
  /** Index into `PHASES`. */
  phase: number
  producer: number
  stream: number
  /** Place in the producer's sequence. */
  sequence: number
  /** Place in its stream. */
  streamSequence: number
  /** Whole microseconds from the epoch. */
  scheduledUs: number
}

export function newEnvelope(): Envelope {
  return { phase: 0, producer: 0, stream: 0, sequence: 0, streamSequence: 0, scheduledUs: 0 }
}

/** CRC-32 of a message's body, for `writeEnvelope`. */
export function bodyChecksum(body: Uint8Array): number {
  return Bun.hash.crc32(body)
}

/**
 * Writes the envelope at `offset`: directly behind the body whose checksum is given. Allocates nothing. Sequences and
 * the instant are whole numbers below 2⁵³.
 */
export function writeEnvelope(
  buffer: Uint8Array,
  offset: number,
  bodyCrc: number,
  runId: number,
  phase: number,
  producer: number,
  stream: number,
  sequence: number,
  streamSequence: number,
  scheduledUs: number,
): void {
  words[0] = MAGIC
  words[1] = runId
  words[2] = phase
  words[3] = producer
  words[4] = stream
  words[5] = sequence
  words[6] = sequence / TWO_POW_32
  words[7] = streamSequence
  words[8] = streamSequence / TWO_POW_32
  words[9] = scheduledUs
  words[10] = scheduledUs / TWO_POW_32
  words[11] = Bun.hash.crc32(checked, bodyCrc)
  buffer.set(header, offset)
}

/**
 * Reads and checks a whole message. `corrupted`: too short, or the checksum is wrong; `foreign`: intact, of another
 * run (or no message of ours). Only after `ok` does `into` hold its fields.
 */
export function readEnvelope(
  message: Uint8Array,
  runId: number,
  into: Envelope,
): 'ok' | 'foreign' | 'corrupted' {
  const start = message.length - ENVELOPE_BYTES
  if (start < 0 || Bun.hash.crc32(message) !== CRC_OF_INTACT_MESSAGE) return 'corrupted'
  if (u32(message, start) !== MAGIC || u32(message, start + 4) !== runId) return 'foreign'
  into.phase = u32(message, start + 8)
  into.producer = u32(message, start + 12)
  into.stream = u32(message, start + 16)
  into.sequence = u32(message, start + 20) + u32(message, start + 24) * TWO_POW_32
  into.streamSequence = u32(message, start + 28) + u32(message, start + 32) * TWO_POW_32
  into.scheduledUs = u32(message, start + 36) + u32(message, start + 40) * TWO_POW_32
  return 'ok'
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
