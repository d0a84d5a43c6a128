import type { Requests } from '../../src/otlp/description.ts'
import {
  type FieldSchema,
  type MessageSchema,
  REQUEST_SCHEMAS,
  type ScalarKind,
} from '../../src/otlp/schema.ts'
import type { Signal } from '../../src/otlp/signal.ts'

/** Random numbers from 0 (inclusive) to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Values nest at most this deep below a KeyValue. */
const MAX_VALUE_DEPTH = 4
const MAX_REPEATED = 3

/**
 * A request with anything that OTLP allows: every message, every kind of value, defaults written out, extremes of each
 * range. 64-bit numbers are bigint; bytes and ids are Uint8Array.
 */
export function randomRequest<S extends Signal>(signal: S, seed: number): Requests[S] {
  const random = seededRandom(seed)
  return randomMessage(REQUEST_SCHEMAS[signal], random, 0) as Requests[S]
}

function randomMessage(schema: MessageSchema, random: () => number, valueDepth: number): object {
  const depth = schema.name === 'AnyValue' ? valueDepth + 1 : valueDepth
  const message: Record<string, unknown> = {}
  const members = schema.fields.filter((field) => field.oneof !== null)
  const chosen = members[Math.floor(random() * (members.length + 0.5))]
  for (const field of schema.fields) {
    const isWanted =
      field.oneof === null ? random() < (field.kind === 'message' ? 0.8 : 0.6) : field === chosen
    if (!isWanted || (depth > MAX_VALUE_DEPTH && field.kind === 'message')) continue
    message[field.name] = field.isRepeated
      ? Array.from({ length: Math.floor(random() * (MAX_REPEATED + 1)) }, () =>
          randomValue(field, random, depth),
        )
      : randomValue(field, random, depth)
  }
  return message
}

function randomValue(field: FieldSchema, random: () => number, depth: number): unknown {
  if (field.kind === 'message') return randomMessage(field.message!, random, depth)
  return randomScalar(field.kind, random)
}

function randomScalar(kind: ScalarKind, random: () => number): unknown {
  const pick = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const bits64 = () =>
    (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32))
  switch (kind) {
    case 'string':
      return pick('', 'tenant-0001', 'ключ ☃ 💡', 'a"b\\c\n', 'x'.repeat(Math.floor(random() * 300)))
    case 'bytes':
      return randomBytes(pick(0, 1, 2, 3, 200), random)
    case 'id':
      return randomBytes(pick(0, 8, 16), random)
    case 'bool':
      return random() < 0.5
    case 'double':
      return pick(0, -0, 1.5, -1e300, 5e-324, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, -random())
    case 'enum':
      return pick(0, 1, 2, 24, 2 ** 31 - 1, -1)
    case 'uint32':
    case 'fixed32':
      return pick(0, 1, 127, 128, 2 ** 32 - 1, Math.floor(random() * 2 ** 32))
    case 'sint32':
      return pick(0, -1, 1, -(2 ** 31), 2 ** 31 - 1)
    case 'int64':
    case 'sfixed64':
      return pick(0n, -1n, 1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt.asIntN(64, bits64()))
    case 'uint64':
    case 'fixed64':
      return pick(0n, 1n, 2n ** 64n - 1n, 1_700_000_000_000_000_000n, bits64())
  }
}

function randomBytes(size: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256))
}
