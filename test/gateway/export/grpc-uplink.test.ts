// Goal: every answer and every failure of a gRPC upstream becomes the right outcome, messages of every size arrive whole,
// and connections are reused, bounded and replaced.
// Method: real sockets on loopback: a service by another gRPC library, HTTP/2 servers that are no gRPC, and raw ones.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http2'
import { join } from 'node:path'
import { createGrpcUplink, type GrpcUplinkOptions } from '../../../gateway/export/grpc-uplink.ts'
import { createPartialSuccessReader } from '../../../gateway/export/partial-success.ts'
import { createMeter } from '../../../gateway/telemetry/meter.ts'
import { RETRYABLE_CODES } from '../../../src/otlp/grpc/status.ts'
import { encodeResponse } from '../../../src/otlp/response.ts'
import { SIGNALS } from '../../../src/otlp/signal.ts'
import { encodeStatus } from '../../../src/otlp/status.ts'
import { testCertificate } from '../../support/certificate.ts'
import { pollUntil } from '../../support/poll.ts'
import { nonZero } from '../collected-meter.ts'
import { startGrpcUpstream, startHttp2Upstream, startRawUpstream } from './grpc-upstream.ts'

const PATIENCE_MS = 20_000
const SMALL = Buffer.from([10, 0])
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function stopped<Part extends { stop(): void }>(part: Part): Part {
  stops.push(() => part.stop())
  return part
}

function uplinkTo(port: number, overrides: Partial<GrpcUplinkOptions> = {}) {
  const signal = overrides.signal ?? 'traces'
  const uplink = createGrpcUplink({
    url: new URL(`grpc://127.0.0.1:${port}`),
    signal,
    connections: 2,
    timeouts: { connectMs: 5000, requestMs: 10_000 },
    headers: { 'x-key': 'secret' },
    compression: 'none',
    ...overrides,
  })
  stops.unshift(() => uplink.close())
  return { send: (...bodies: Uint8Array[]) => uplink.send(signal, bodies, new AbortController().signal) }
}

function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31) ^ (i >> 8) ^ (i >> 16)
  return bytes
}

test.each(['none', 'gzip'] as const)(
  'every size arrives whole, of every signal, compression %s',
  async (compression) => {
    const upstream = stopped(await startGrpcUpstream())
    for (const signal of SIGNALS) {
      const uplink = uplinkTo(upstream.port, { signal, compression })
      for (const size of [0, 2, 65_530, 70_000, 1_200_000, signal === 'traces' ? 17_000_000 : 3_000_000]) {
        const [a, b] = [bytesOf(size), bytesOf(10)]
        expect(await uplink.send(a, b)).toEqual({ kind: 'exported' })
        const call = upstream.calls.pop()!
        expect(Buffer.compare(call.body, Buffer.concat([a, b]))).toBe(0)
        expect(call.metadata.get('x-key')).toEqual(['secret'])
      }
    }
  },
)

test('calls one after the other share a connection; calls at once have as many as allowed', async () => {
  const upstream = stopped(await startGrpcUpstream())
  const uplink = uplinkTo(upstream.port)
  for (let i = 0; i < 5; i++) await uplink.send(SMALL)
  expect(new Set(upstream.calls.map(({ peer }) => peer)).size).toBe(1)
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => uplink.send(bytesOf(100_000))))
  expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'exported' as const })))
  expect(new Set(upstream.calls.map(({ peer }) => peer)).size).toBe(2)
})

test.each(Array.from({ length: 16 }, (_, i) => i + 1))('status %i', async (code) => {
  const upstream = stopped(await startGrpcUpstream())
  upstream.reply = () => ({ code, details: 'Größe 100 %' })
  const detail = `the upstream answered gRPC status ${code}: Größe 100 %`
  const expected = RETRYABLE_CODES.has(code)
    ? { kind: 'retryable' as const, detail, retryAfterMs: null }
    : { kind: 'permanent' as const, detail }
  const uplink = uplinkTo(upstream.port)
  expect(await uplink.send(SMALL)).toEqual(expected)
  // Another table than the product's own (OTLP specification, "OTLP/gRPC Response").
  expect(RETRYABLE_CODES.has(code)).toBe([1, 4, 10, 11, 14, 15].includes(code))
})

test('RetryInfo: makes RESOURCE_EXHAUSTED retryable and says when, UNAVAILABLE too; no other details do', async () => {
  const upstream = stopped(await startGrpcUpstream())
  const uplink = uplinkTo(upstream.port)
  const outcomeOf = async (code: number, retryDelayMs?: number) => {
    const statusDetails = encodeStatus({
      code,
      message: '',
      ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
    })
    upstream.reply = () => ({ code, details: 'later', statusDetails })
    return uplink.send(SMALL)
  }
  expect(await outcomeOf(8, 1500)).toMatchObject({ kind: 'retryable', retryAfterMs: 1500 })
  expect(await outcomeOf(8, 0)).toMatchObject({ kind: 'retryable', retryAfterMs: 0 })
  expect(await outcomeOf(14, 70)).toMatchObject({ kind: 'retryable', retryAfterMs: 70 })
  expect(await outcomeOf(8)).toMatchObject({ kind: 'permanent' })
  expect(await outcomeOf(3, 1500)).toMatchObject({ kind: 'permanent' })
  upstream.reply = () => ({ code: 8, details: '', statusDetails: Buffer.alloc(100, 0xff) })
  expect(await uplink.send(SMALL)).toMatchObject({ kind: 'permanent' })
})

test('partial success: exported, handed on, and the records that the upstream refused are counted', async () => {
  const upstream = stopped(await startGrpcUpstream())
  const meter = createMeter()
  const logged: object[] = []
  const read = createPartialSuccessReader(meter, 'logs', (event, fields) => logged.push({ event, ...fields }))
  const uplink = uplinkTo(upstream.port, { signal: 'logs', onAnswer: read })
  for (const partial of [null, { rejected: 7, message: 'too old' }, { rejected: 0, message: 'slow down' }]) {
    upstream.reply = () => ({ response: encodeResponse(partial) })
    expect(await uplink.send(SMALL)).toEqual({ kind: 'exported', ...(partial === null ? {} : { partial }) })
  }
  upstream.reply = () => ({ response: Buffer.alloc(20, 0xff) })
  expect(await uplink.send(SMALL)).toEqual({ kind: 'exported' })
  expect(nonZero(meter.snapshot())).toEqual({ 'gateway_upstream_rejected_records_total{signal=logs}': 7 })
  expect(logged).toEqual([
    { event: 'upstream took a request in part', signal: 'logs', rejectedRecords: 7 },
    { event: 'upstream took a request in part', signal: 'logs', rejectedRecords: 0 },
    { event: 'upstream answer not readable', signal: 'logs', answerBytes: 20 },
  ])
})

test.each([
  [400, 'permanent'],
  [401, 'permanent'],
  [404, 'permanent'],
  [429, 'retryable'],
  [500, 'permanent'],
  [502, 'retryable'],
  [503, 'retryable'],
  [504, 'retryable'],
  [200, 'permanent'],
] as const)('HTTP %i without a gRPC status is %s', async (status, kind) => {
  const upstream = stopped(
    await startHttp2Upstream((stream) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' })
      stream.end('<html>')
    }),
  )
  const outcome = await uplinkTo(upstream.port).send(SMALL)
  expect(outcome).toMatchObject({ kind, detail: `the upstream answered HTTP ${status} instead of gRPC` })
})

test.each([
  ['resets the stream', (stream) => stream.close(2)],
  ['refuses the stream', (stream) => stream.close(7)],
  ['closes the connection without an answer', (_stream, session) => session.destroy()],
  [
    'dies between its headers and its trailers',
    (stream, session) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(Buffer.alloc(5), () => setTimeout(() => session.destroy(), 20))
    },
  ],
  [
    'answers without end',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      const more = () => stream.writable && stream.write(Buffer.alloc(65_536), more)
      more()
    },
  ],
] as [string, Parameters<typeof startHttp2Upstream>[0]][])(
  'an upstream that %s: may be tried again, and then works',
  async (_name, serve) => {
    let isBroken = true
    const upstream = stopped(
      await startHttp2Upstream((stream, session, headers) => {
        if (isBroken) return serve(stream, session, headers)
        stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })
      }),
    )
    const uplink = uplinkTo(upstream.port)
    // More often than there are connections: broken ones must make room.
    for (let i = 0; i < 4; i++)
      expect(await uplink.send(SMALL)).toMatchObject({ kind: 'retryable', retryAfterMs: null })
    isBroken = false
    expect(await uplink.send(SMALL)).toEqual({ kind: 'exported' })
  },
)

test.each([
  ['answers garbage', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\nwhat?')],
  ['writes zeros', (socket) => socket.write(Buffer.alloc(100_000))],
  ['closes at once', (socket) => socket.end()],
  ['resets at once', (socket) => socket.resetAndDestroy()],
  ['never answers', () => {}],
] as [string, Parameters<typeof startRawUpstream>[0]][])('a port that %s', async (_name, serve) => {
  const upstream = stopped(await startRawUpstream(serve))
  const uplink = uplinkTo(upstream.port, { timeouts: { connectMs: 300, requestMs: 300 } })
  for (let i = 0; i < 4; i++)
    expect(await uplink.send(SMALL)).toMatchObject({ kind: 'retryable', retryAfterMs: null })
})

test('an upstream that is slow to answer is given up, and its connection with it', async () => {
  const upstream = stopped(await startGrpcUpstream())
  upstream.reply = () => new Promise(() => {})
  const uplink = uplinkTo(upstream.port, { timeouts: { connectMs: 5000, requestMs: 200 } })
  expect(await uplink.send(SMALL)).toMatchObject({ kind: 'retryable', detail: 'no answer within 200 ms' })
  expect(upstream.calls[0]!.metadata.get('grpc-timeout').length).toBe(0) // Taken by the library as its deadline.
  upstream.reply = () => ({ response: Buffer.alloc(0) })
  expect(await uplink.send(SMALL)).toEqual({ kind: 'exported' })
})

test('nobody listens', async () => {
  const gone = await startRawUpstream(() => {})
  gone.stop()
  expect(await uplinkTo(gone.port).send(SMALL)).toMatchObject({ kind: 'retryable' })
})

test.each(['close', 'destroy'] as const)(
  'an upstream whose connections die while idle (%s): the next call opens another',
  async (how) => {
    const upstream = stopped(
      await startHttp2Upstream((stream) => {
        stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })
      }),
    )
    const uplink = uplinkTo(upstream.port)
    for (let round = 0; round < 4; round++) {
      expect(await uplink.send(SMALL)).toEqual({ kind: 'exported' })
      for (const session of upstream.sessions) session[how]()
      await pollUntil('the connection to end', PATIENCE_MS, () => upstream.sessions.size === 0)
      // The client hears of it a moment later; a call in between may break, and may be tried again.
      await pollUntil(
        'another connection',
        PATIENCE_MS,
        async () => (await uplink.send(SMALL)).kind === 'exported',
      )
      for (const session of upstream.sessions) session[how]()
      await pollUntil('the connection to end', PATIENCE_MS, () => upstream.sessions.size === 0)
      await pollUntil(
        'another connection',
        PATIENCE_MS,
        async () => (await uplink.send(SMALL)).kind === 'exported',
      )
    }
  },
)

test('the request is what gRPC over HTTP/2 wants', async () => {
  let headers: IncomingHttpHeaders = {}
  const upstream = stopped(
    await startHttp2Upstream((stream, _session, received) => {
      headers = received
      stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })
    }),
  )
  await uplinkTo(upstream.port, { signal: 'metrics', compression: 'gzip' }).send(SMALL)
  expect({ ...headers }).toMatchObject({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    ':authority': `127.0.0.1:${upstream.port}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '10000m',
    'grpc-encoding': 'gzip',
    'x-key': 'secret',
  })
})

const tls = testCertificate()
test.skipIf(tls === null)('TLS: a certificate that is trusted, and one that is not', async () => {
  const { ca, certificate, key } = tls!
  const upstream = stopped(
    await startGrpcUpstream({ certificate: readFileSync(certificate), key: readFileSync(key) }),
  )
  // Authorities are read at the start of a process: the system's, and those of NODE_EXTRA_CA_CERTS.
  const outcomeOf = async (environment: Record<string, string>) => {
    const command = [process.execPath, join(import.meta.dir, 'send-by-tls.ts'), String(upstream.port)]
    const child = Bun.spawn(command, { env: { ...process.env, ...environment }, stderr: 'inherit' })
    const text = await new Response(child.stdout).text()
    return JSON.parse(text) as unknown
  }
  expect(await outcomeOf({ NODE_EXTRA_CA_CERTS: ca })).toEqual({ kind: 'exported' })
  expect(upstream.calls.length).toBe(1)
  expect(await outcomeOf({ NODE_EXTRA_CA_CERTS: '' })).toMatchObject({ kind: 'retryable' })
  expect(upstream.calls.length).toBe(1)
})
