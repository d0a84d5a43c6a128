import { gunzipSync } from 'node:zlib'
import { messageOf } from '../../errors/app-error.ts'
import { HTTP_PATHS, SIGNALS, type Signal } from '../../otlp/signal.ts'
import type { Endpoint } from './otlp-endpoints.ts'
import type { Listener, TakeRequest } from './otlp-sink.ts'
import { BUSY_RETRY_MS, cannotListen, MAX_REQUEST_BYTES } from './sink-limits.ts'

const SIGNAL_OF_PATH: ReadonlyMap<string, Signal> = new Map(
  SIGNALS.map((signal) => [HTTP_PATHS[signal], signal]),
)
const HEADERS = { 'content-type': 'application/x-protobuf' }

/** OTLP/HTTP with protobuf bodies. @throws AppError('PREPARE') when the port cannot be had. */
export function startHttpSink(endpoint: Endpoint, sharesPort: boolean, take: TakeRequest): Listener {
  let server: ReturnType<typeof Bun.serve>
  try {
    server = Bun.serve({
      hostname: endpoint.hostname,
      port: endpoint.port,
      reusePort: sharesPort,
      maxRequestBodySize: MAX_REQUEST_BYTES,
      // The system under test keeps idle connections as long as it likes.
      idleTimeout: 0,
      fetch: (request) => answer(request, take),
      error: () => new Response(null, { status: 400 }),
    })
  } catch (error) {
    throw cannotListen(endpoint, 'OTLP/HTTP', messageOf(error))
  }
  return { stop: () => server.stop(true) }
}

async function answer(request: Request, take: TakeRequest): Promise<Response> {
  const signal = SIGNAL_OF_PATH.get(new URL(request.url).pathname)
  if (signal === undefined) return new Response(null, { status: 404 })
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const body = await request.bytes()
  switch (await take(signal, unpacked(request.headers.get('content-encoding'), body))) {
    case 'taken':
      return new Response(null, { status: 200, headers: HEADERS })
    case 'busy':
      return new Response(null, {
        status: 503,
        headers: { ...HEADERS, 'retry-after': String(BUSY_RETRY_MS / 1000) },
      })
    case 'malformed':
      return new Response(null, { status: 400, headers: HEADERS })
  }
}

/** Throws (an answer of 400) for what is not gzip, or too much of it. */
function unpacked(encoding: string | null, body: Uint8Array): Uint8Array {
  if (encoding === null || encoding === 'identity') return body
  return gunzipSync(body, { maxOutputLength: MAX_REQUEST_BYTES })
}
