import { jsonToProtobuf } from '../../../src/otlp/json/to-protobuf.ts'
import type { Signal } from '../../../src/otlp/signal.ts'
import { RPC_CODES } from '../../../src/otlp/status.ts'
import { type Coding, unpack } from '../unpack.ts'
import { badRequest, FULL, type Refusal, tooLarge } from './answer.ts'
import { createBodyReader } from './body.ts'
import type { Encoding } from './content.ts'

/** What the headers say of the body. */
export interface RequestForm {
  readonly encoding: Encoding
  readonly coding: Coding | 'identity'
}

export type ReadRequest =
  /** Plain protobuf, the reader's caller's alone. */
  | { readonly kind: 'request'; readonly body: Uint8Array }
  /** `isLast`: what the sender still has to say is not worth reading. */
  | { readonly kind: 'turned-away'; readonly refusal: Refusal; readonly isLast: boolean }

/** What bodies beyond 256 KiB may take together while they arrive: many senders can be slow with large ones. */
const LARGE_BODIES_BYTES = 256 << 20

/**
 * JSON as objects takes up to 30 times its bytes (16 MiB of empty lists: 480 MB and half a second), all at once and
 * with nobody else served meanwhile.
 */
const MAX_JSON_BYTES = 4 << 20

/** Nobody is there to read it; it is counted. */
const ABORTED: Refusal = {
  status: 408,
  body: { code: RPC_CODES.cancelled, message: 'the body did not arrive' },
}

/**
 * Makes what reads a body, unpacks it and turns JSON into protobuf. No stage yields more than `maxBodyBytes`, and none
 * reads more than 4 MiB of JSON.
 */
export function createRequestReader(
  maxBodyBytes: number,
): (signal: Signal, request: Request, form: RequestForm) => Promise<ReadRequest> {
  const bodies = createBodyReader(Math.max(LARGE_BODIES_BYTES, maxBodyBytes))

  return async (signal, request, { encoding, coding }) => {
    const maxBytes = encoding === 'json' ? Math.min(MAX_JSON_BYTES, maxBodyBytes) : maxBodyBytes
    const read = await bodies.read(request, request.headers.get('content-length'), maxBytes)
    if (read.kind === 'too-large') return turnAway(tooLarge(maxBytes), true)
    if (read.kind === 'no-room') return turnAway(FULL, true)
    if (read.kind === 'aborted') return turnAway(ABORTED, true)

    let body = read.body
    if (coding !== 'identity') {
      const unpacked = await unpack(coding, body, maxBytes)
      if (unpacked.kind === 'too-large') return turnAway(tooLarge(maxBytes))
      if (unpacked.kind === 'corrupt') {
        return turnAway(badRequest(`expected ${coding}, got: ${unpacked.detail}`, ''))
      }
      body = unpacked.body
    }
    if (encoding === 'json') {
      const transcoded = jsonToProtobuf(signal, body)
      if (transcoded.kind === 'invalid') return turnAway(badRequest(transcoded.detail, transcoded.path))
      body = transcoded.body
      // Lists of small numbers take up to four times as much as their JSON.
      if (body.length > maxBodyBytes) return turnAway(tooLarge(maxBodyBytes))
    }
    return { kind: 'request', body }
  }
}

function turnAway(refusal: Refusal, isLast = false): ReadRequest {
  return { kind: 'turned-away', refusal, isLast }
}
