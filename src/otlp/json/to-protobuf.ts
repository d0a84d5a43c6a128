import { newTrail, pathOf, writeMessage } from '../build/message.ts'
import { ValueFault } from '../build/scalar.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { REQUEST_SCHEMAS } from '../schema.ts'
import type { Signal } from '../signal.ts'
import { decodeText, parseJson, parseJsonExact } from './parse.ts'

export type JsonOutcome =
  | { readonly kind: 'protobuf'; readonly body: Uint8Array }
  /** `detail` says what was expected and what came, without payload; `path` where, e.g. `$.resourceSpans[0].resource`. */
  | { readonly kind: 'invalid'; readonly detail: string; readonly path: string }

/**
 * Turns an OTLP/JSON request into the protobuf of the same message (OTLP specification 1.x, "JSON Protobuf Encoding"):
 * hexadecimal ids, base64 bytes, 64-bit numbers as digits or strings, enums as numbers, unknown names ignored. Never
 * throws for bad input. Exact for whole numbers of 64 bits.
 */
export function jsonToProtobuf(signal: Signal, json: Uint8Array): JsonOutcome {
  const text = decodeText(json)
  if (text === null) return { kind: 'invalid', detail: 'expected UTF-8', path: '$' }
  const document = parseJson(text)
  if (document === undefined) return { kind: 'invalid', detail: 'expected JSON', path: '$' }
  const outcome = transcode(signal, document, json.length)
  if (outcome !== 'imprecise') return outcome
  const exactDocument = parseJsonExact(text)
  if (exactDocument === undefined) {
    return { kind: 'invalid', detail: 'expected JSON nested less than some thousand deep', path: '$' }
  }
  const exact = transcode(signal, exactDocument, json.length)
  if (exact !== 'imprecise') return exact
  return { kind: 'invalid', detail: 'expected a whole number that fits 64 bits', path: '$' }
}

function transcode(signal: Signal, document: unknown, jsonBytes: number): JsonOutcome | 'imprecise' {
  // OTLP/JSON is about twice as long as its protobuf.
  const writer = new ProtoWriter(jsonBytes >>> 1)
  const trail = newTrail()
  try {
    writeMessage(writer, REQUEST_SCHEMAS[signal], document, trail)
    return { kind: 'protobuf', body: writer.finish() }
  } catch (fault) {
    if (!(fault instanceof ValueFault)) throw fault
    if (fault.isImprecise) return 'imprecise'
    return { kind: 'invalid', detail: fault.detail, path: pathOf(trail) }
  }
}
