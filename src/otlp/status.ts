import { asNumber, asObject, asText, type JsonObject, parseObject } from './json/plain.ts'
import { malformedOf } from './protobuf/fault.ts'
import { ProtoReader } from './protobuf/reader.ts'
import { tagOf, WIRE } from './protobuf/wire-type.ts'
import { ProtoWriter } from './protobuf/writer.ts'

/** The codes of google.rpc.Code that OTLP uses. */
export const RPC_CODES = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const

/** google.rpc.Status with the two details that OTLP names; other details are passed over. */
export interface RpcStatus {
  readonly code: number
  readonly message: string
  /** RetryInfo: when the sender may come again. */
  readonly retryDelayMs?: number
  /** BadRequest: what is wrong with the data, field (a path) and description. */
  readonly violations?: readonly FieldViolation[]
}

export interface FieldViolation {
  readonly field: string
  readonly description: string
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'
/** Violations read from a status: a hostile server's answer stays small. */
const MAX_VIOLATIONS = 100

const LENGTH_1 = tagOf(1, WIRE.length)
const LENGTH_2 = tagOf(2, WIRE.length)
const LENGTH_3 = tagOf(3, WIRE.length)
const VARINT_1 = tagOf(1, WIRE.varint)
const VARINT_2 = tagOf(2, WIRE.varint)

/** The protobuf of a status: body of HTTP errors, and gRPC's `grpc-status-details-bin`. */
export function encodeStatus(status: RpcStatus): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter(256)
  if (status.code !== 0) {
    writer.varint(VARINT_1)
    writer.varint(status.code)
  }
  if (status.message !== '') writer.stringField(LENGTH_2, status.message)
  const { retryDelayMs, violations = [] } = status
  if (retryDelayMs !== undefined) writeDetail(writer, RETRY_INFO, () => writeDelay(writer, retryDelayMs))
  if (violations.length > 0) {
    writeDetail(writer, BAD_REQUEST, () => {
      for (const violation of violations) {
        const start = writer.begin(LENGTH_1)
        writer.stringField(LENGTH_1, violation.field)
        writer.stringField(LENGTH_2, violation.description)
        writer.end(start)
      }
    })
  }
  return writer.finish()
}

/** Writes a google.protobuf.Any. */
function writeDetail(writer: ProtoWriter, type: string, content: () => void): void {
  const any = writer.begin(LENGTH_3)
  writer.stringField(LENGTH_1, type)
  const value = writer.begin(LENGTH_2)
  content()
  writer.end(value)
  writer.end(any)
}

/** Writes RetryInfo.retry_delay, a google.protobuf.Duration. */
function writeDelay(writer: ProtoWriter, delayMs: number): void {
  const duration = writer.begin(LENGTH_1)
  writer.varint(VARINT_1)
  writer.varint(Math.floor(delayMs / 1000))
  writer.varint(VARINT_2)
  writer.varint(Math.round((delayMs % 1000) * 1e6))
  writer.end(duration)
}

/** Reads a status; null when the bytes are not one. */
export function decodeStatus(bytes: Uint8Array): RpcStatus | null {
  const status: Mutable = { code: 0, message: '' }
  const reader = new ProtoReader(bytes)
  const malformed = malformedOf(() => {
    while (reader.next()) {
      if (reader.field === 1 && reader.wire === WIRE.varint) status.code = reader.uint32() | 0
      else if (reader.field === 2 && reader.wire === WIRE.length) status.message = textOf(reader)
      else if (reader.field === 3 && reader.wire === WIRE.length) readDetail(reader, status)
      else reader.skip()
    }
  })
  return malformed === null ? status : null
}

interface Mutable {
  code: number
  message: string
  retryDelayMs?: number
  violations?: FieldViolation[]
}

function readDetail(reader: ProtoReader, into: Mutable): void {
  const any = textAndBytes(reader)
  const inner = new ProtoReader(any.bytes)
  if (any.text === RETRY_INFO) {
    const delayMs = readDelay(inner)
    if (delayMs !== null) into.retryDelayMs = delayMs
  } else if (any.text === BAD_REQUEST) into.violations = readViolations(inner)
}

function readViolations(reader: ProtoReader): FieldViolation[] {
  const violations: FieldViolation[] = []
  while (reader.next() && violations.length < MAX_VIOLATIONS) {
    if (reader.field !== 1 || reader.wire !== WIRE.length) reader.skip()
    else {
      const { text, bytes } = textAndBytes(reader)
      violations.push({ field: text, description: Buffer.from(bytes).toString() })
    }
  }
  return violations
}

/** Reads RetryInfo; null without a delay. */
function readDelay(reader: ProtoReader): number | null {
  let delayMs: number | null = null
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === WIRE.length) delayMs = readDuration(reader)
    else reader.skip()
  }
  return delayMs
}

function readDuration(reader: ProtoReader): number {
  let durationMs = 0
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.wire !== WIRE.varint || reader.field > 2) reader.skip()
    else {
      const value = Number(BigInt.asIntN(64, reader.uint64()))
      durationMs += reader.field === 1 ? value * 1000 : value / 1e6
    }
  }
  reader.leave(outer)
  return Math.max(0, durationMs)
}

/** Reads a message of a string (1) and bytes or a string (2): Any, FieldViolation. */
function textAndBytes(reader: ProtoReader): { text: string; bytes: Uint8Array } {
  let text = ''
  let bytes: Uint8Array = new Uint8Array(0)
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === WIRE.length) text = textOf(reader)
    else if (reader.field === 2 && reader.wire === WIRE.length) bytes = reader.view()
    else reader.skip()
  }
  reader.leave(outer)
  return { text, bytes }
}

function textOf(reader: ProtoReader): string {
  return Buffer.from(reader.view()).toString()
}

/** The JSON of a status (proto3 JSON mapping). */
export function statusToJson(status: RpcStatus): string {
  const { code, message, retryDelayMs, violations = [] } = status
  const details: object[] = []
  if (retryDelayMs !== undefined) details.push({ '@type': RETRY_INFO, retryDelay: `${retryDelayMs / 1000}s` })
  if (violations.length > 0) details.push({ '@type': BAD_REQUEST, fieldViolations: violations })
  return JSON.stringify({ code, message, ...(details.length > 0 ? { details } : {}) })
}

/** Reads a status in JSON; null when it is none. */
export function statusFromJson(json: Uint8Array): RpcStatus | null {
  const object = parseObject(json)
  if (object === null) return null
  const details = Array.isArray(object.details) ? object.details.map(asObject) : []
  const retry = details.find((detail) => detail?.['@type'] === RETRY_INFO)
  const bad = details.find((detail) => detail?.['@type'] === BAD_REQUEST)
  return {
    code: asNumber(object.code),
    message: asText(object.message),
    ...(retry == null ? {} : { retryDelayMs: delayOf(retry) }),
    ...(bad == null ? {} : { violations: violationsOf(bad) }),
  }
}

function delayOf(retry: JsonObject): number {
  return Math.max(0, Math.round(asNumber(asText(retry.retryDelay).replace(/s$/, '')) * 1000))
}

function violationsOf(bad: JsonObject): FieldViolation[] {
  if (!Array.isArray(bad.fieldViolations)) return []
  return bad.fieldViolations.slice(0, MAX_VIOLATIONS).map((each) => {
    const violation = asObject(each)
    return { field: asText(violation?.field), description: asText(violation?.description) }
  })
}
