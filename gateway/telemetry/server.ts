import type { MergedSnapshot } from './merge.ts'
import { PROMETHEUS_CONTENT_TYPE, toPrometheusText } from './prometheus.ts'

export interface TelemetryServerOptions {
  readonly hostname: string
  readonly port: number
  /** Path of the metrics, e.g. `/metrics`. */
  readonly path: string
  readonly collect: () => Promise<MergedSnapshot>
  /** What `/ready` says; `/health` is fine as long as anyone answers. */
  readonly isReady: () => Promise<boolean>
}

export interface TelemetryServer {
  readonly port: number
  close(): Promise<void>
}

/** @throws the system's error when the port cannot be had. */
export function startTelemetryServer(options: TelemetryServerOptions): TelemetryServer {
  const server = Bun.serve({
    hostname: options.hostname,
    port: options.port,
    idleTimeout: 30,
    fetch: async (request) => {
      const path = new URL(request.url).pathname
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return new Response('expected GET\n', { status: 405, headers: { allow: 'GET, HEAD' } })
      if (path === options.path)
        return new Response(toPrometheusText(await options.collect()), {
          headers: { 'content-type': PROMETHEUS_CONTENT_TYPE },
        })
      if (path === '/health') return new Response('ok\n')
      if (path === '/ready') {
        const isReady = await options.isReady()
        return new Response(isReady ? 'ready\n' : 'not ready\n', { status: isReady ? 200 : 503 })
      }
      return new Response(`expected ${options.path}, /health or /ready\n`, { status: 404 })
    },
  })
  return { port: server.port!, close: () => server.stop(true) }
}
