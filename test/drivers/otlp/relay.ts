import { SystemClock } from '../../../src/clock/system-clock.ts'
import { type OtlpConfig, otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { createGrpcClient } from '../../../src/drivers/otlp/otlp-grpc-client.ts'
import { createHttpClient } from '../../../src/drivers/otlp/otlp-http-client.ts'
import type { TakeRequest } from '../../../src/drivers/otlp/otlp-sink.ts'
import { startGrpcSink } from '../../../src/drivers/otlp/sink-grpc.ts'
import { startHttpSink } from '../../../src/drivers/otlp/sink-http.ts'

/** The smallest gateway: answers at once, keeps requests in memory, hands each on until the upstream takes it. */
export interface Relay {
  /** For the driver: the relay's two ports, and where the sink shall listen. */
  readonly servers: readonly string[]
  close(): Promise<void>
}

const RETRY_MS = 5

export interface RelayOptions {
  readonly settings: Readonly<Record<string, unknown>>
  readonly upstream: 'http' | 'grpc'
  /** Changes a request on its way; null drops it. */
  readonly edit?: (request: Uint8Array) => Uint8Array | null
}

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const clock = new SystemClock()
  const ports = await freePorts(4)
  const [http, grpc, sinkHttp, sinkGrpc] = ports.map((port) => ({ hostname: '127.0.0.1', port, tls: false }))
  const config: OtlpConfig = otlpConfigSchema.parse({ item: options.settings.item })
  const client =
    options.upstream === 'http'
      ? createHttpClient(sinkHttp!, config, clock)
      : createGrpcClient(sinkGrpc!, config)
  const closed = new AbortController()
  const handOn = async (request: Uint8Array) => {
    while (!closed.signal.aborted && (await client.exchange(request, 0)).kind !== 'accepted')
      await clock.sleep(RETRY_MS)
  }
  const take: TakeRequest = (_signal, request) => {
    const edited = request.length === 0 ? null : (options.edit ?? Buffer.from)(request)
    if (edited !== null) void handOn(edited)
    return 'taken'
  }
  const listeners = [startHttpSink(http!, false, take), await startGrpcSink(grpc!, false, take)]
  return {
    servers: [
      `http://127.0.0.1:${http!.port}`,
      `grpc://127.0.0.1:${grpc!.port}`,
      `sink+http://127.0.0.1:${sinkHttp!.port}`,
      `sink+grpc://127.0.0.1:${sinkGrpc!.port}`,
    ],
    async close() {
      closed.abort()
      client.close()
      for (const listener of listeners) await listener.stop()
    },
  }
}

/** Free ports of loopback, held until all are found so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () =>
    Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }),
  )
  const ports = held.map((server) => server.port)
  for (const server of held) server.stop(true)
  return ports
}
