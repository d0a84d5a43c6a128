import { gunzipSync } from 'node:zlib'
import { GRPC_METHODS, HTTP_PATHS, SIGNALS, type Signal } from '../../../../src/otlp/signal.ts'
import { startGrpcUpstream } from '../../../gateway/export/grpc-upstream.ts'

/** An upstream that keeps the bodies of all requests. */
export interface Sink {
  readonly httpPort: number
  readonly grpcPort: number
  bodies(signal: Signal): readonly Uint8Array[]
  /** What the gateway needs to export to it. */
  environment(protocol: 'http' | 'grpc', compression: 'none' | 'gzip'): Record<string, string>
  clear(): void
  stop(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  const grpc = await startGrpcUpstream()
  let received: { signal: Signal; body: Uint8Array }[] = []
  const http = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname
      const signal = SIGNALS.find((each) => HTTP_PATHS[each] === path)
      if (signal === undefined) return new Response(null, { status: 404 })
      const body = await request.bytes()
      const isGzip = request.headers.get('content-encoding') === 'gzip'
      received.push({ signal, body: isGzip ? gunzipSync(body) : body })
      return new Response(null, { headers: { 'content-type': 'application/x-protobuf' } })
    },
  })
  return {
    httpPort: http.port!,
    grpcPort: grpc.port,
    bodies: (signal) => [
      ...received.filter((each) => each.signal === signal).map(({ body }) => body),
      ...grpc.calls.filter(({ path }) => path === GRPC_METHODS[signal]).map(({ body }) => body),
    ],
    environment(protocol, compression) {
      const port = protocol === 'http' ? http.port! : grpc.port
      const urls = SIGNALS.map((signal) => [
        `OTLP_UPSTREAM_${signal.toUpperCase()}_URL`,
        `${protocol}://127.0.0.1:${port}${protocol === 'http' ? HTTP_PATHS[signal] : ''}`,
      ])
      return { ...Object.fromEntries(urls), OTLP_UPSTREAM_COMPRESSION: compression }
    },
    clear() {
      received = []
      grpc.calls.length = 0
    },
    async stop() {
      grpc.stop()
      await http.stop(true)
    },
  }
}
