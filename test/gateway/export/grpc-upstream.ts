import http2, {
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Server as GrpcServer, Metadata, ServerCredentials } from '@grpc/grpc-js'
import { GRPC_METHODS } from '../../../src/otlp/signal.ts'

/** What a service of another library answers: a response, or a status with trailers. */
export type Reply =
  | { readonly response: Uint8Array }
  | { readonly code: number; readonly details: string; readonly statusDetails?: Uint8Array }

export interface GrpcCall {
  readonly path: string
  readonly body: Buffer
  readonly metadata: Metadata
  readonly peer: string
}

export interface GrpcUpstream {
  readonly port: number
  readonly calls: GrpcCall[]
  reply: () => Reply | Promise<Reply>
  stop(): void
}

/** An OTLP service by @grpc/grpc-js. `tls`: PEM of a certificate and its key. */
export async function startGrpcUpstream(tls?: { certificate: Buffer; key: Buffer }): Promise<GrpcUpstream> {
  const server = new GrpcServer({ 'grpc.max_receive_message_length': 64 << 20 })
  const methods = Object.values(GRPC_METHODS).map((path) => {
    const pass = (bytes: Buffer): Buffer => bytes
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    } as const
    return [path, method] as const
  })
  const upstream: GrpcUpstream = {
    port: 0,
    calls: [],
    reply: () => ({ response: Buffer.alloc(0) }),
    stop: () => server.forceShutdown(),
  }
  const handlers = methods.map(([path]) => [
    path,
    async (
      call: { request: Buffer; metadata: Metadata; getPeer(): string },
      done: (error: object | null, response?: Buffer) => void,
    ) => {
      upstream.calls.push({ path, body: call.request, metadata: call.metadata, peer: call.getPeer() })
      const reply = await upstream.reply()
      if ('response' in reply) return done(null, Buffer.from(reply.response))
      const metadata = new Metadata()
      if (reply.statusDetails !== undefined)
        metadata.set('grpc-status-details-bin', Buffer.from(reply.statusDetails))
      done({ code: reply.code, details: reply.details, metadata })
    },
  ])
  server.addService(Object.fromEntries(methods), Object.fromEntries(handlers))
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.certificate }])
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  return Object.assign(upstream, { port })
}

export interface RawUpstream {
  readonly port: number
  stop(): void
}

/** HTTP/2 without any gRPC: `serve` does to each stream what it likes, when its request has ended. */
export async function startHttp2Upstream(
  serve: (stream: ServerHttp2Stream, session: ServerHttp2Session, headers: IncomingHttpHeaders) => void,
): Promise<RawUpstream & { readonly sessions: Set<ServerHttp2Session> }> {
  const server = http2.createServer()
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    stream.resume()
    stream.on('end', () => serve(stream, stream.session as ServerHttp2Session, headers))
  })
  const port = await listen(server)
  return {
    port,
    sessions,
    stop() {
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
}

/** A socket that knows no HTTP. */
export async function startRawUpstream(serve: (socket: Socket) => void): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  const port = await listen(server)
  return {
    port,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

async function listen(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
