import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Clock } from '../../../src/clock/clock.ts'
import { framed, PREFIX_BYTES, timeoutMs, unframedChunks } from '../../../src/otlp/grpc/frame.ts'
import { GRPC, type GrpcCode } from '../../../src/otlp/grpc/status.ts'
import { encodeResponse } from '../../../src/otlp/response.ts'
import { GRPC_METHODS, SIGNALS, type Signal } from '../../../src/otlp/signal.ts'
import { freeBytes } from '../../bytes.ts'
import type { Outcome, Pipeline } from '../../contracts.ts'
import type { ReceiveMeter } from '../receive-meter.ts'
import { unpack } from '../unpack.ts'
import { refusal, type Trailers, trailersOf } from './answer.ts'

export interface CallContext {
  readonly pipeline: Pipeline
  readonly counts: ReceiveMeter
  readonly clock: Clock
  readonly maxBodyBytes: number
  /** From a call's headers to the end of its request. */
  readonly maxArrivalMs: number
}

const SIGNAL_OF_METHOD: ReadonlyMap<string, Signal> = new Map(
  SIGNALS.map((signal) => [GRPC_METHODS[signal], signal]),
)
const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip',
}
/** An empty Export*ServiceResponse: everything was taken. */
const EMPTY_RESPONSE = Buffer.alloc(PREFIX_BYTES)

/** Serves one unary call, from its headers to its trailers. */
export function serveCall(
  context: CallContext,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void {
  const arrivedAtUs = context.clock.nowUs()
  stream.on('error', () => {}) // A sender that resets its stream has given up; its session goes on.
  if (!/^application\/grpc(\+proto)?(;|$)/.test(headers['content-type'] ?? '')) {
    context.counts.turnedAway('415')
    stream.respond({ ':status': 415 }, { endStream: true })
    leave(stream)
    return
  }
  const call = readHeaders(headers)
  let deadline: Timer | undefined
  const turnAway: TurnAway = (code, message) => {
    clearTimeout(deadline)
    if (stream.destroyed || stream.headersSent) return
    context.counts.turnedAway(String(code))
    sendTrailersOnly(stream, refusal(code, message))
  }
  if ('code' in call) {
    turnAway(call.code, call.message)
    return
  }
  const answer = (trailers: Trailers, response: Buffer = EMPTY_RESPONSE) => {
    clearTimeout(deadline)
    if (stream.destroyed || stream.headersSent) return
    if (trailers['grpc-status'] === '0') sendResponse(stream, response, trailers)
    else sendTrailersOnly(stream, trailers)
    context.counts.answered(call.signal, context.clock.nowUs() - arrivedAtUs)
  }
  const pass = () => answer(refusal(GRPC.deadlineExceeded, 'the deadline of the call has passed'))
  if (call.timeoutMs !== null) deadline = setTimeout(pass, call.timeoutMs)
  stream.on('close', () => clearTimeout(deadline))
  collect(stream, context, turnAway, (chunks) => {
    void take(context, call, chunks, turnAway).then((outcome) => {
      if (outcome !== null) answer(trailersOf(outcome), responseOf(outcome))
    })
  })
}

type Timer = ReturnType<typeof setTimeout>
type TurnAway = (code: GrpcCode, message: string) => void

interface Call {
  readonly signal: Signal
  readonly encoding: 'identity' | 'gzip'
  readonly timeoutMs: number | null
}

function readHeaders(
  headers: IncomingHttpHeaders,
): Call | { readonly code: GrpcCode; readonly message: string } {
  const signal = SIGNAL_OF_METHOD.get(headers[':path'] as string)
  if (signal === undefined) return { code: GRPC.unimplemented, message: `unknown method ${headers[':path']}` }
  const encoding = (headers['grpc-encoding'] as string | undefined) ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip')
    return { code: GRPC.unimplemented, message: `expected grpc-encoding identity or gzip, got ${encoding}` }
  const limitMs = timeoutMs(headers['grpc-timeout'] as string | undefined)
  if (Number.isNaN(limitMs))
    return { code: GRPC.invalidArgument, message: 'expected a grpc-timeout such as 10S' }
  return { signal, encoding, timeoutMs: limitMs }
}

/** Gathers the request's bytes, but never more than it may have, and never for longer than it may take. */
function collect(
  stream: ServerHttp2Stream,
  { maxBodyBytes, maxArrivalMs }: CallContext,
  turnAway: TurnAway,
  onComplete: (chunks: readonly Uint8Array[]) => void,
): void {
  let chunks: Uint8Array[] = []
  let receivedBytes = 0
  const tooSlow = () => {
    chunks = []
    turnAway(GRPC.deadlineExceeded, `expected the whole request within ${maxArrivalMs} ms`)
  }
  const arrival = setTimeout(tooSlow, maxArrivalMs)
  stream.on('close', () => clearTimeout(arrival))
  stream.on('data', (chunk: Buffer) => {
    if (stream.headersSent) return // Answered already; what still comes is of no use.
    receivedBytes += chunk.length
    if (receivedBytes <= maxBodyBytes + PREFIX_BYTES) {
      chunks.push(chunk)
      return
    }
    chunks = []
    turnAway(GRPC.resourceExhausted, `expected a message of at most ${maxBodyBytes} bytes`)
  })
  stream.on('end', () => {
    clearTimeout(arrival)
    if (stream.headersSent || stream.destroyed) return
    onComplete(chunks)
  })
}

/** Unwraps the message and offers it; null when it was turned away. */
async function take(
  context: CallContext,
  call: Call,
  chunks: readonly Uint8Array[],
  turnAway: TurnAway,
): Promise<Outcome | null> {
  const message = unframedChunks(chunks)
  if (chunks.length > 1) for (const chunk of chunks) freeBytes(chunk)
  if (message.kind === 'bad') {
    turnAway(GRPC.invalidArgument, message.detail)
    return null
  }
  if (!message.isCompressed) return context.pipeline.offer(call.signal, message.body)
  if (call.encoding !== 'gzip') {
    turnAway(GRPC.invalidArgument, 'expected grpc-encoding gzip for a compressed message')
    return null
  }
  const unpacked = await unpack('gzip', message.body, context.maxBodyBytes)
  if (unpacked.kind === 'unpacked') return context.pipeline.offer(call.signal, unpacked.body)
  if (unpacked.kind === 'too-large')
    turnAway(GRPC.resourceExhausted, `expected a message of at most ${context.maxBodyBytes} bytes unpacked`)
  else turnAway(GRPC.invalidArgument, `expected gzip, got: ${unpacked.detail}`)
  return null
}

/** The message of a successful call, with its prefix. */
function responseOf(outcome: Outcome): Buffer {
  if (outcome.kind !== 'accepted' || outcome.partial === undefined) return EMPTY_RESPONSE
  return framed([encodeResponse(outcome.partial)], false)
}

function sendResponse(stream: ServerHttp2Stream, response: Buffer, trailers: Trailers): void {
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(response)
}

function sendTrailersOnly(stream: ServerHttp2Stream, trailers: Trailers): void {
  stream.respond({ ...HEADERS, ...trailers }, { endStream: true })
  leave(stream)
}

/** Answered before the request had ended: tells its sender to stop (RFC 9113 §8.1). */
function leave(stream: ServerHttp2Stream): void {
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
}
