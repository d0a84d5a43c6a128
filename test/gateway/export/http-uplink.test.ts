// Goal: every answer and every failure of an upstream becomes the right outcome, and connections are reused and bounded.
// Method: real sockets on loopback: an HTTP server that says what it is told, and raw ones that misbehave.
import { afterEach, expect, test } from 'bun:test'
import { createHttpUplink, type HttpUplinkOptions } from '../../../gateway/export/http-uplink.ts'
import { createPartialSuccessReader } from '../../../gateway/export/partial-success.ts'
import { createMeter } from '../../../gateway/telemetry/meter.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { encodeResponse } from '../../../src/otlp/response.ts'
import { nonZero } from '../collected-meter.ts'

const clock = new SystemClock()
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function uplinkTo(port: number, overrides: Partial<HttpUplinkOptions> = {}) {
  const uplink = createHttpUplink({
    url: new URL(`http://127.0.0.1:${port}/v1/traces`),
    signal: 'traces',
    connections: 2,
    timeouts: { connectMs: 2000, requestMs: 2000 },
    headers: { 'x-key': 'secret' },
    compression: 'none',
    clock,
    ...overrides,
  })
  stops.push(() => uplink.close())
  return uplink
}

function httpServer(handle: (request: Request) => Response | Promise<Response>): number {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: handle })
  stops.push(() => server.stop(true))
  return server.port!
}

/** A server that answers whatever it is given with `bytes`, then does `after`. */
function rawServer(
  bytes: string,
  after: 'stay' | 'end' | 'reset',
): { port: number; connections: () => number } {
  let connections = 0
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: () => {
        connections++
      },
      data(socket) {
        if (bytes !== '') socket.write(bytes)
        if (after === 'end') socket.end()
        if (after === 'reset') socket.terminate()
      },
    },
  })
  stops.push(() => server.stop(true))
  return { port: server.port, connections: () => connections }
}

const send = (uplink: ReturnType<typeof uplinkTo>, ...bodies: Uint8Array[]) =>
  uplink.send('traces', bodies, new AbortController().signal)

test('bodies arrive concatenated, with headers, and the connection is used again', async () => {
  const seen: { body: string; type: string | null; key: string | null; port: number }[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request, own) {
      seen.push({
        body: await request.text(),
        type: request.headers.get('content-type'),
        key: request.headers.get('x-key'),
        port: own.requestIP(request)!.port,
      })
      return new Response()
    },
  })
  stops.push(() => server.stop(true))
  const uplink = uplinkTo(server.port!)
  expect(await send(uplink, Buffer.from('ab'), Buffer.from('cd'))).toEqual({ kind: 'exported' })
  expect(await send(uplink, Buffer.from('x'.repeat(3_000_000)))).toEqual({ kind: 'exported' })
  expect(seen[0]).toMatchObject({ body: 'abcd', type: 'application/x-protobuf', key: 'secret' })
  expect(seen[1]!.body.length).toBe(3_000_000)
  expect(seen[1]!.port).toBe(seen[0]!.port)
})

test('gzip unpacks to the same bytes', async () => {
  let got = ''
  const port = httpServer(async (request) => {
    expect(request.headers.get('content-encoding')).toBe('gzip')
    got = Buffer.from(Bun.gunzipSync(await request.arrayBuffer())).toString()
    return new Response()
  })
  await send(uplinkTo(port, { compression: 'gzip' }), Buffer.from('ab'), Buffer.from('cd'))
  expect(got).toBe('abcd')
})

test.each([
  [400, {}, { kind: 'permanent', detail: 'the upstream answered HTTP 400' }],
  [413, {}, { kind: 'permanent', detail: 'the upstream answered HTTP 413' }],
  [
    429,
    { 'retry-after': '7' },
    { kind: 'retryable', detail: 'the upstream answered HTTP 429', retryAfterMs: 7000 },
  ],
  [502, {}, { kind: 'retryable', detail: 'the upstream answered HTTP 502', retryAfterMs: null }],
  [503, {}, { kind: 'retryable', detail: 'the upstream answered HTTP 503', retryAfterMs: null }],
  [
    504,
    { 'retry-after': 'soon' },
    { kind: 'retryable', detail: 'the upstream answered HTTP 504', retryAfterMs: null },
  ],
  [500, {}, { kind: 'permanent', detail: 'the upstream answered HTTP 500' }],
] as const)('status %i', async (status, headers, expected) => {
  const port = httpServer(() => new Response('x', { status, headers }))
  expect(await send(uplinkTo(port), Buffer.from('a'))).toEqual(expected)
})

test.each([
  ['closes without an answer', '', 'end'],
  ['resets', '', 'reset'],
  ['answers half', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'end'],
  ['answers garbage', '\x00\x01garbage\r\n\r\n', 'stay'],
] as const)('an upstream that %s can be tried again', async (_name, bytes, after) => {
  const server = rawServer(bytes, after)
  const uplink = uplinkTo(server.port)
  for (let i = 0; i < 3; i++) expect((await send(uplink, Buffer.from('a'))).kind).toBe('retryable')
  expect(server.connections()).toBe(3)
})

test('an upstream that never answers costs the time-out, and its connection is not used again', async () => {
  const server = rawServer('', 'stay')
  const uplink = uplinkTo(server.port, { timeouts: { connectMs: 2000, requestMs: 50 } })
  expect(await send(uplink, Buffer.from('a'))).toEqual({
    kind: 'retryable',
    detail: 'no answer within 50 ms',
    retryAfterMs: null,
  })
  await send(uplink, Buffer.from('a'))
  expect(server.connections()).toBe(2)
})

test('nobody there: retryable, and the pool is free again', async () => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  probe.stop(true)
  const uplink = uplinkTo(probe.port)
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => send(uplink, Buffer.from('a'))))
  expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array(6).fill('retryable'))
})

test('no more connections than allowed, and every request is served in turn', async () => {
  const ports = new Set<number>()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request, own) {
      ports.add(own.requestIP(request)!.port)
      await Bun.sleep(5)
      return new Response()
    },
  })
  stops.push(() => server.stop(true))
  const uplink = uplinkTo(server.port!)
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(uplink, Buffer.from('a'))))
  expect(outcomes.every((outcome) => outcome.kind === 'exported')).toBe(true)
  expect(ports.size).toBeLessThanOrEqual(2)
})

test('partial success: exported, handed on, and the records that the upstream refused are counted', async () => {
  const meter = createMeter()
  const partial = { rejected: 3, message: 'too old' }
  let answer = encodeResponse(partial)
  const port = httpServer(() => new Response(answer))
  const uplink = uplinkTo(port, { onAnswer: createPartialSuccessReader(meter, 'traces', () => {}) })
  expect(await send(uplink, new Uint8Array(2))).toEqual({ kind: 'exported', partial })
  answer = encodeResponse(null)
  expect(await send(uplink, new Uint8Array(2))).toEqual({ kind: 'exported' })
  expect(nonZero(meter.snapshot())).toEqual({ 'gateway_upstream_rejected_records_total{signal=traces}': 3 })
})
