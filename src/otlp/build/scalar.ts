import type { ProtoWriter } from '../protobuf/writer.ts'
import type { ScalarKind } from '../schema.ts'

/** A value that its field cannot hold: what was expected and what came, without the value itself. */
export class ValueFault {
  readonly detail: string
  /** A whole number beyond 2⁵³ came as a double: its digits must be read again from the text. */
  readonly isImprecise: boolean

  constructor(detail: string, isImprecise = false) {
    this.detail = detail
    this.isImprecise = isImprecise
  }
}

const DECIMAL = /^-?\d{1,20}$/
const HEX = /^(?:[0-9a-fA-F]{2})*$/
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const NOT_FINITE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

const INT64_RANGE = [-(2n ** 63n), 2n ** 63n - 1n] as const
const UINT64_RANGE = [0n, 2n ** 64n - 1n] as const
const INT32_RANGE = [-(2n ** 31n), 2n ** 31n - 1n] as const
const UINT32_RANGE = [0n, 2n ** 32n - 1n] as const

/**
 * Writes `value` as a scalar of `kind`, `tag` first (−1: no tag, for packed fields). Leaves a default out unless
 * `isExplicit`. Throws `ValueFault` for a value that the kind cannot hold.
 */
export function writeScalar(
  writer: ProtoWriter,
  kind: ScalarKind,
  tag: number,
  value: unknown,
  isExplicit: boolean,
): void {
  switch (kind) {
    case 'string': {
      if (typeof value !== 'string') throw wrongType('a string', value)
      if (value !== '' || isExplicit) writer.stringField(tag, value)
      return
    }
    case 'bytes':
    case 'id': {
      const bytes = kind === 'id' ? idOf(value) : bytesOf(value)
      if (bytes.length > 0 || isExplicit) writer.bytesField(tag, bytes)
      return
    }
    case 'bool': {
      if (typeof value !== 'boolean') throw wrongType('true or false', value)
      if (!value && !isExplicit) return
      writeTag(writer, tag)
      writer.varint(value ? 1 : 0)
      return
    }
    case 'double': {
      const number = doubleOf(value)
      if (Object.is(number, 0) && !isExplicit) return
      writeTag(writer, tag)
      writer.double(number)
      return
    }
    default:
      writeWhole(writer, kind, tag, value, isExplicit)
  }
}

function writeWhole(
  writer: ProtoWriter,
  kind: Exclude<ScalarKind, 'string' | 'bytes' | 'id' | 'bool' | 'double'>,
  tag: number,
  value: unknown,
  isExplicit: boolean,
): void {
  if (kind === 'enum' && typeof value === 'string') throw wrongType('a whole number (not a name)', value)
  const whole = wholeOf(value, kind)
  if (!whole && !isExplicit) return
  writeTag(writer, tag)
  if (kind === 'fixed32') writer.fixed32(Number(whole))
  else if (kind === 'fixed64' || kind === 'sfixed64') writer.fixed64(BigInt(whole))
  else if (kind === 'sint32') writer.varint(zigzag(Number(whole)))
  else if (typeof whole === 'number' && whole >= 0) writer.varint(whole)
  else writer.varint64(BigInt(whole))
}

function zigzag(number: number): number {
  return ((number << 1) ^ (number >> 31)) >>> 0
}

function writeTag(writer: ProtoWriter, tag: number): void {
  if (tag >= 0) writer.varint(tag)
}

function rangeOf(kind: ScalarKind): readonly [bigint, bigint] {
  if (kind === 'int64' || kind === 'sfixed64') return INT64_RANGE
  if (kind === 'uint64' || kind === 'fixed64') return UINT64_RANGE
  if (kind === 'enum' || kind === 'sint32') return INT32_RANGE
  return UINT32_RANGE
}

function wholeOf(value: unknown, kind: ScalarKind): number | bigint {
  let whole: number | bigint
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw wrongType('a whole number', value)
    const is64Bit = kind.endsWith('64')
    if (!Number.isSafeInteger(value) && is64Bit) {
      throw new ValueFault('expected a whole number of at most 53 bits, or its digits as a string', true)
    }
    whole = value
  } else if (typeof value === 'bigint') whole = value
  else if (typeof value === 'string' && DECIMAL.test(value)) whole = BigInt(value)
  else throw wrongType('a whole number', value)
  const [lowest, highest] = rangeOf(kind)
  if (whole < lowest || whole > highest) {
    throw new ValueFault(`expected a whole number from ${lowest} to ${highest}`)
  }
  return whole
}

function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') {
    const special = NOT_FINITE.get(value)
    if (special !== undefined) return special
    if (NUMBER.test(value)) return Number(value)
  }
  throw wrongType('a number, "NaN", "Infinity" or "-Infinity"', value)
}

function idOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'string' || !HEX.test(value)) throw wrongType('hexadecimal digits in pairs', value)
  return Buffer.from(value, 'hex')
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  // Four characters make three bytes; a single one left over makes none.
  const isBase64 =
    typeof value === 'string' && BASE64.test(value) && value.replace(/=+$/, '').length % 4 !== 1
  if (!isBase64) throw wrongType('base64', value)
  return Buffer.from(value, 'base64')
}

/** Names what came by its type only: values are payload, and payload never reaches an error. */
export function wrongType(expected: string, value: unknown): ValueFault {
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : ARTICLES[typeof value]
  return new ValueFault(`expected ${expected}, got ${got ?? `a ${typeof value}`}`)
}

const ARTICLES: Readonly<Record<string, string>> = { object: 'an object', undefined: 'nothing' }
