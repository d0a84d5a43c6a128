import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { gunzipSync } from 'node:zlib'
import { messageOf } from '../../errors/app-error.ts'
import { PREFIX_BYTES, unframed } from '../../otlp/grpc/frame.ts'
import { GRPC, type GrpcCode } from '../../otlp/grpc/status.ts'
import { GRPC_METHODS, SIGNALS, type Signal } from '../../otlp/signal.ts'
import { encodeStatus } from '../../otlp/status.ts'
import type { Endpoint } from './otlp-endpoints.ts'
import type { Listener, TakeRequest } from './otlp-sink.ts'
import { BUSY_RETRY_MS, cannotListen, MAX_REQUEST_BYTES } from './sink-limits.ts'

const SIGNAL_OF_METHOD: ReadonlyMap<string, Signal> = new Map(
  SIGNALS.map((signal) => [GRPC_METHODS[signal], signal]),
)
const HEADERS = { ':status': 200, 'content-type': 'application/grpc' }
/** An Export*ServiceResponse without fields: everything was taken. */
const EMPTY_RESPONSE = Buffer.alloc(PREFIX_BYTES)
/**
 * Room for ordinary requests, on a stream and on its connection, so that the sender never waits for us. Equal, because
 * with a larger one for the connection Bun 1.4 never opens a stream's again: a request beyond it stands still.
 */
const WINDOW_BYTES = 1 << 20

type Trailers = Readonly<Record<string, string>>

/** OTLP/gRPC without TLS. @throws AppError('PREPARE') when the port cannot be had. */
export async function startGrpcSink(
  endpoint: Endpoint,
  sharesPort: boolean,
  take: TakeRequest,
): Promise<Listener> {
  const sessions = new Set<ServerHttp2Session>()
  const server = http2.createServer({ settings: { initialWindowSize: WINDOW_BYTES } })
  server.on('session', (session) => {
    sessions.add(session)
    session.setLocalWindowSize(WINDOW_BYTES)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => {})
  })
  // What is not HTTP/2 ends its own connection only.
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers) => serve(stream, headers, take))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(endpoint, 'OTLP/gRPC', messageOf(error))))
    // `reusePort` is Bun's, not in the types of Node 20.
    const listen = { host: endpoint.hostname, port: endpoint.port, reusePort: sharesPort }
    server.listen(listen, resolve)
  })
  return {
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.destroy()
      await closed
    },
  }
}

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, take: TakeRequest): void {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_REQUEST_BYTES) chunks.push(chunk)
    else stream.close(http2.constants.NGHTTP2_CANCEL)
  })
  stream.on('end', () => {
    if (stream.destroyed || stream.headersSent || size > MAX_REQUEST_BYTES) return
    const data = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    void answer(headers, data, take).then((trailers) => sendAnswer(stream, trailers))
  })
}

function sendAnswer(stream: ServerHttp2Stream, trailers: Trailers): void {
  // A sender that would not wait has given up its call.
  if (stream.destroyed) return
  if (trailers['grpc-status'] !== '0') {
    stream.respond({ ...HEADERS, ...trailers }, { endStream: true })
    return
  }
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(EMPTY_RESPONSE)
}

async function answer(headers: IncomingHttpHeaders, data: Uint8Array, take: TakeRequest): Promise<Trailers> {
  const signal = SIGNAL_OF_METHOD.get(String(headers[':path']))
  if (signal === undefined) return refusal(GRPC.unimplemented, 'unknown method')
  const message = unframed(data)
  if (message.kind === 'bad') return refusal(GRPC.invalidArgument, message.detail)
  let body = message.body
  if (message.isCompressed) {
    try {
      body = gunzipSync(body, { maxOutputLength: MAX_REQUEST_BYTES })
    } catch {
      return refusal(GRPC.invalidArgument, 'expected gzip')
    }
  }
  switch (await take(signal, body)) {
    case 'taken':
      return { 'grpc-status': String(GRPC.ok) }
    case 'busy':
      return refusal(GRPC.resourceExhausted, 'consumers are paused', BUSY_RETRY_MS)
    case 'malformed':
      return refusal(GRPC.invalidArgument, 'not an OTLP request')
  }
}

function refusal(code: GrpcCode, message: string, retryDelayMs?: number): Trailers {
  const trailers = { 'grpc-status': String(code), 'grpc-message': message }
  if (retryDelayMs === undefined) return trailers
  const details = Buffer.from(encodeStatus({ code, message, retryDelayMs })).toString('base64')
  return { ...trailers, 'grpc-status-details-bin': details }
}
