import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { Client, credentials, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import type { ReceiveLimits } from '../../../gateway/contracts.ts'
import { startGrpcReceiver } from '../../../gateway/receive/grpc/receiver.ts'
import { GRPC_METHODS } from '../../../src/otlp/signal.ts'
import { type Rig, startRig } from './rig.ts'

export const startGrpcRig = (limits: Partial<ReceiveLimits> = {}): Promise<Rig> =>
  startRig(limits, 0, startGrpcReceiver)

export interface GrpcAnswer {
  readonly code: number
  readonly details: string
  readonly trailers: Metadata
  readonly response: Buffer | null
}

export interface GrpcCaller {
  call(path: string, body: Uint8Array, options?: { deadlineMs?: number }): Promise<GrpcAnswer>
  close(): void
}

/** A client of another library, on one connection. */
export function grpcCaller(rig: Rig, compression: 'none' | 'gzip' = 'none'): GrpcCaller {
  const client = new Client(`127.0.0.1:${rig.receiver.port}`, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': compression === 'gzip' ? 2 : 0,
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  })
  const pass = (bytes: Buffer): Buffer => bytes
  return {
    call: (path, body, { deadlineMs } = {}) =>
      new Promise((resolve) => {
        let response: Buffer | null = null
        const done = (error: ServiceError | null, value?: Buffer) => {
          response = value ?? null
          if (error !== null) response = null
        }
        const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }
        const call = client.makeUnaryRequest(
          path,
          pass,
          pass,
          Buffer.from(body),
          new Metadata(),
          options,
          done,
        )
        call.on('status', (status: StatusObject) =>
          // The callback comes right behind the status.
          setImmediate(() =>
            resolve({ code: status.code, details: status.details, trailers: status.metadata, response }),
          ),
        )
      }),
    close: () => client.close(),
  }
}

/** What a raw stream came to. */
export interface RawAnswer {
  /** Of headers and trailers. */
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly rstCode: number
}

export const GRPC_HEADERS = {
  ':method': 'POST',
  ':path': GRPC_METHODS.traces,
  'content-type': 'application/grpc',
  te: 'trailers',
}

export function openRawSession(rig: Rig): Promise<ClientHttp2Session> {
  // The client's own limit of 10 MB would refuse what these tests send.
  const session = http2.connect(`http://127.0.0.1:${rig.receiver.port}`, { maxSessionMemory: 1000 })
  // Receivers that cut are what some tests want.
  session.on('error', () => {})
  return new Promise((resolve) => session.once('connect', () => resolve(session)))
}

/** One stream with any headers and bytes; `ends: false` leaves it open. */
export function rawCall(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  bytes: Uint8Array,
  ends = true,
): Promise<RawAnswer> {
  const stream = session.request({ ...GRPC_HEADERS, ...headers })
  let received: IncomingHttpHeaders = {}
  const chunks: Buffer[] = []
  stream.on('response', (more) => {
    received = { ...received, ...more }
  })
  stream.on('trailers', (more) => {
    received = { ...received, ...more }
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  if (ends) stream.end(bytes)
  else stream.write(bytes)
  return new Promise((resolve) =>
    stream.on('close', () =>
      resolve({ headers: received, body: Buffer.concat(chunks), rstCode: stream.rstCode ?? 0 }),
    ),
  )
}
