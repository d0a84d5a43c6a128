// Goal: the load generators send what the rate says, on every connection, and tell truthfully what came back. Method:
// real servers on loopback: one that takes everything, one that refuses, one that stalls, one that hangs up; for gRPC the
// gateway's own receiver.
import { afterEach, expect, test } from 'bun:test'
import { grpcLoad } from '../../../gateway/benchmark/grpc-load.ts'
import { httpLoad } from '../../../gateway/benchmark/http-load.ts'
import { type LoadOptions, runLoad } from '../../../gateway/benchmark/load.ts'
import type { OpenLoadConnection } from '../../../gateway/benchmark/load-connection.ts'
import type { Outcome, Pipeline } from '../../../gateway/contracts.ts'
import { startGrpcReceiver } from '../../../gateway/receive/grpc/receiver.ts'
import { createMeter } from '../../../gateway/telemetry/meter.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'

const clock = new SystemClock()
const BODY = new Uint8Array(40_000).fill(7)
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function httpServer(handle: (request: Request, port: number) => Response | Promise<Response>): URL {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, own) => handle(request, own.requestIP(request)!.port),
  })
  stops.push(() => server.stop(true))
  return new URL(`http://127.0.0.1:${server.port}/v1/traces`)
}

async function grpcServer(offer: Pipeline['offer']): Promise<URL> {
  const receiver = await startGrpcReceiver({
    hostname: '127.0.0.1',
    port: 0,
    sharesPort: false,
    pipeline: { offer, isReady: () => true, close: () => Promise.resolve() },
    meter: createMeter(),
    limits: { maxBodyBytes: 1 << 20, maxConnections: 100, idleTimeoutMs: 60_000 },
    clock,
    log: () => {},
  })
  stops.push(() => receiver.close(AbortSignal.abort()))
  return new URL(`grpc://127.0.0.1:${receiver.port}`)
}

const load = (open: OpenLoadConnection, options: Partial<LoadOptions> = {}) =>
  runLoad({
    open,
    connections: 4,
    rateHz: 200,
    warmUpMs: 0,
    durationMs: 500,
    clock,
    stop: new AbortController().signal,
    ...options,
  })

test('an open loop sends rate × time requests, whole, over all connections', async () => {
  const ports = new Set<number>()
  const sizes = new Set<number>()
  const url = httpServer(async (request, port) => {
    ports.add(port)
    sizes.add((await request.bytes()).length)
    return new Response()
  })
  const result = await load(httpLoad(url, BODY))
  expect(result.sent + result.unsent).toBe(100)
  expect(result).toMatchObject({ accepted: result.sent, failures: {} })
  expect(result.latency.totalCount).toBe(result.accepted)
  expect([ports.size, ...sizes]).toEqual([4, BODY.length])
})

test('latency counts from the scheduled instant: a stall shows in all that were due in it', async () => {
  let stalled = false
  const url = httpServer(async () => {
    if (!stalled) {
      stalled = true
      await Bun.sleep(400)
    }
    return new Response()
  })
  const result = await load(httpLoad(url, BODY), { connections: 1 })
  // Due evenly over 500 ms behind a stall of 400 ms: half of them waited 150 ms or more.
  expect(result.latency.getValueAtPercentile(50)).toBeGreaterThan(140_000)
})

test('refusals and hang-ups are counted by kind, and lost connections are replaced', async () => {
  let count = 0
  const url = httpServer(() => {
    count++
    if (count % 10 === 3) return new Response(null, { status: 429 })
    if (count % 10 === 7) return new Response(null, { status: 200, headers: { connection: 'close' } })
    return new Response()
  })
  const result = await load(httpLoad(url, BODY), { rateHz: null })
  const failed = Object.values(result.failures).reduce((sum, each) => sum + each, 0)
  expect(result.failures['HTTP 429']).toBeGreaterThan(0)
  expect(result.accepted + failed).toBe(result.sent)
  expect(result.sent).toBeGreaterThan(40)
})

test('a closed loop keeps the connections full and counts its window apart', async () => {
  const url = httpServer(() => new Response())
  const edges: string[] = []
  const result = await load(httpLoad(url, BODY), {
    rateHz: null,
    warmUpMs: 50,
    warmUpRequests: 20,
    onWindow: (edge) => edges.push(edge),
  })
  expect(edges).toEqual(['begin', 'end'])
  expect(result.windowAccepted).toBeGreaterThan(0)
  expect(result.accepted).toBeGreaterThanOrEqual(result.windowAccepted + 20)
  expect(result.accepted).toBe(result.sent)
})

test('nobody there', async () => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  probe.stop(true)
  const url = new URL(`http://127.0.0.1:${probe.port}/`)
  await expect(load(httpLoad(url, BODY))).rejects.toThrow()
})

test('gRPC: messages arrive whole through flow control, more at once than a window holds', async () => {
  let received = 0
  const url = await grpcServer(async (_signal, body): Promise<Outcome> => {
    expect(Buffer.compare(body, BODY)).toBe(0)
    received++
    await Bun.sleep(1)
    return { kind: 'accepted' }
  })
  const result = await load(grpcLoad(url, 'traces', BODY, 8), { connections: 2, rateHz: null })
  expect(result).toMatchObject({ accepted: result.sent, failures: {} })
  expect(result.accepted).toBe(received)
  expect(received).toBeGreaterThan(100)
})

test('gRPC: refusals are told from answers', async () => {
  const url = await grpcServer(() => ({ kind: 'refused', reason: '429', retryAfterMs: 1000 }))
  const result = await load(grpcLoad(url, 'traces', BODY, 8))
  expect(result.accepted).toBe(0)
  expect(result.failures).toEqual({ refused: result.sent })
})
