import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../../src/clock/clock.ts'
import type { Meter, Pipeline, ReceiveLimits, Receiver } from '../../contracts.ts'
import { portError } from '../../process/ports.ts'
import type { Log } from '../../telemetry/log.ts'
import { createReceiveMeter } from '../receive-meter.ts'
import { serveCall } from './call.ts'

export interface GrpcReceiverOptions {
  readonly hostname: string
  /** 0 takes a free one. */
  readonly port: number
  /** Whether other processes may listen on the same port (`SO_REUSEPORT`). */
  readonly sharesPort: boolean
  readonly pipeline: Pipeline
  readonly meter: Meter
  readonly limits: ReceiveLimits
  readonly clock: Clock
  readonly log: Log
}

/**
 * Room a sender has on a stream, and on its connection, before it must wait for us: a whole ordinary request. Equal,
 * because Bun 1.4 opens a stream's window again only by the measure of the connection's: with a larger one for the
 * connection, a request beyond the stream's window stands still for ever.
 */
const WINDOW_BYTES = 1 << 20
/** A request may take as long to arrive as a connection may be silent, but never less than this, as over HTTP. */
const MIN_ARRIVAL_MS = 1000
const MAX_CONCURRENT_STREAMS = 256
const MAX_HEADER_LIST_BYTES = 16 * 1024

/**
 * OTLP/gRPC without TLS: the three Export methods as unary calls. Bun.serve cannot send trailers over HTTP/2, so this
 * stands on node:http2.
 *
 * @throws AppError('PREPARE') when the port cannot be had.
 */
export async function startGrpcReceiver(options: GrpcReceiverOptions): Promise<Receiver> {
  const context = {
    pipeline: options.pipeline,
    counts: createReceiveMeter(options.meter, 'grpc'),
    clock: options.clock,
    maxBodyBytes: options.limits.maxBodyBytes,
    maxArrivalMs: Math.max(MIN_ARRIVAL_MS, options.limits.idleTimeoutMs),
  }
  const sessions = new Set<ServerHttp2Session>()
  const server = http2.createServer({
    settings: {
      initialWindowSize: WINDOW_BYTES,
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_LIST_BYTES,
    },
  })
  server.on('session', (session) => {
    if (sessions.size >= options.limits.maxConnections) {
      session.destroy()
      return
    }
    sessions.add(session)
    session.setLocalWindowSize(WINDOW_BYTES)
    session.setTimeout(options.limits.idleTimeoutMs, () => session.close())
    session.on('close', () => sessions.delete(session))
    session.on('error', (error) => options.log('grpc session failed', { detail: error.message }))
  })
  server.on('sessionError', (error) => options.log('grpc session failed', { detail: error.message }))
  server.on('stream', (stream: ServerHttp2Stream, headers) => serveCall(context, stream, headers))

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portError(options.hostname, options.port, cause)))
    // `reusePort` is Bun's, not in the types of Node 20.
    const listen = { host: options.hostname, port: options.port, reusePort: options.sharesPort }
    server.listen(listen, resolve)
  })

  return {
    port: (server.address() as AddressInfo).port,
    async close(signal) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.close()
      const cut = () => {
        for (const session of sessions) session.destroy()
      }
      if (signal.aborted) cut()
      else signal.addEventListener('abort', cut, { once: true })
      await closed
      signal.removeEventListener('abort', cut)
    },
  }
}
