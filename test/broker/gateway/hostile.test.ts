// Goal: a running gateway that gets ten thousand damaged requests over HTTP and gRPC, while its upstream takes, refuses,
// stalls, resets, babbles or is gone, answers each of them rightly, stays within its memory, and can account for all.
// Method: a gateway process; payloads as SDKs send them, seeded damage to their bytes, compression, type and framing; an
// upstream on a bare socket; the gateway's own counters, held against what the senders counted.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import http2, { type ClientHttp2Session } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { makePayload, payloadAsJson } from '../../../gateway/payload/payload.ts'
import { framed } from '../../../src/otlp/grpc/frame.ts'
import { GRPC_METHODS, HTTP_PATHS, SIGNALS, type Signal } from '../../../src/otlp/signal.ts'
import { type Random, seeded } from '../../gateway/mask/reference/payloads.ts'
import { type Gateway, pollUntilSettled, startGateway } from './support/gateway.ts'
import { MASKING } from './support/tally.ts'
import { MOODS, startUnrulyUpstream, type UnrulyUpstream } from './support/unruly-upstream.ts'

const REQUESTS = 10_200
const AT_ONCE = 24
const SEED = 20_261_121
const SLAB_BYTES = 32 << 20
/** What a gateway takes that holds nothing, and what its engine leaves to collect later. */
const BASE_BYTES = 256 << 20

let upstream: UnrulyUpstream
let gateway: Gateway
let session: ClientHttp2Session
beforeAll(async () => {
  upstream = await startUnrulyUpstream()
  gateway = await startGateway({
    ...MASKING,
    ...Object.fromEntries(
      SIGNALS.map((signal) => [
        `OTLP_UPSTREAM_${signal.toUpperCase()}_URL`,
        `http://127.0.0.1:${upstream.port}${HTTP_PATHS[signal]}`,
      ]),
    ),
    OTLP_UPSTREAM_TIMEOUT_MS: '200',
    OTLP_UPSTREAM_CONNECT_TIMEOUT_MS: '200',
    GATEWAY_RETRY_INITIAL_MS: '10',
    GATEWAY_RETRY_MAX_DELAY_MS: '50',
    GATEWAY_RETRY_MAX_ELAPSED_MS: '300',
    GATEWAY_MAX_BODY_BYTES: String(1 << 20),
    GATEWAY_SLAB_SIZE_BYTES: String(SLAB_BYTES),
  })
  session = http2.connect(`http://127.0.0.1:${gateway.grpcPort}`)
})
afterAll(async () => {
  session?.destroy()
  expect(await gateway?.stop()).toBe(0)
  upstream?.stop()
})

type Damage = 'none' | 'cut' | 'bytes'
type Packing = 'none' | 'gzip' | 'no gzip at all'
interface Request {
  readonly signal: Signal
  readonly way: 'protobuf' | 'json' | 'grpc'
  readonly damage: Damage
  readonly packing: Packing
  readonly body: Uint8Array
}

const PAYLOADS = SIGNALS.flatMap((signal) =>
  [1, 2, 3].map((seed) => {
    const { body } = makePayload({ signal, profile: 'real', records: 3 + seed, seed })
    return { signal, protobuf: body, json: payloadAsJson(signal, body) }
  }),
)

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random(items.length)]!
}

function makeRequest(random: Random): Request {
  const { signal, protobuf, json } = pick(PAYLOADS, random)
  const way = pick(['protobuf', 'json', 'grpc', 'grpc'] as const, random)
  const damage = pick(['none', 'cut', 'bytes', 'bytes', 'bytes'] as const, random)
  const packing = pick(['none', 'none', 'gzip', 'no gzip at all'] as const, random)
  return { signal, way, damage, packing, body: damaged(way === 'json' ? json : protobuf, damage, random) }
}

function damaged(source: Uint8Array, damage: Damage, random: Random): Uint8Array {
  if (damage === 'none') return source
  // Within the first of the outermost fields (half of its length does not reach its end): always malformed.
  if (damage === 'cut') return source.subarray(0, 4 + random(firstFieldBytes(source) >> 1))
  const bytes = new Uint8Array(source)
  for (let i = 1 + random(4); i > 0; i--)
    bytes[random(bytes.length)] = pick([0, 0x7f, 0x80, 0xff, random(256)], random)
  return bytes
}

/** Of protobuf; of JSON, that much too. */
function firstFieldBytes(source: Uint8Array): number {
  return source[0] === 0x0a ? (source[1]! & 0x7f) | (source[2]! << 7) : source.length
}

/** What a sender may be told: of whole data that it is taken or that it may come again, of broken data that it is broken. */
function expectedHttp({ damage, packing }: Request): readonly number[] {
  if (packing === 'no gzip at all') return [400]
  if (damage === 'none') return [200, 429, 503]
  return damage === 'cut' ? [400, 429, 503] : [200, 400, 429, 503]
}

const GRPC_OF_HTTP: Readonly<Record<number, readonly number[]>> = {
  200: [0],
  400: [3],
  429: [8],
  503: [8, 14],
}

async function send(request: Request): Promise<{ got: number; expected: readonly number[] }> {
  const { body, packing } = request
  const packed = packing === 'gzip' ? gzipSync(body) : body
  const http = expectedHttp(request)
  if (request.way === 'grpc') {
    const got = await sendGrpc(request, framed([packed], packing !== 'none'))
    return { got, expected: http.flatMap((status) => GRPC_OF_HTTP[status]!) }
  }
  const response = await fetch(`http://127.0.0.1:${gateway.httpPort}${HTTP_PATHS[request.signal]}`, {
    method: 'POST',
    headers: {
      'content-type': request.way === 'json' ? 'application/json' : 'application/x-protobuf',
      ...(packing === 'none' ? {} : { 'content-encoding': 'gzip' }),
    },
    body: packed as Uint8Array<ArrayBuffer>,
  })
  await response.bytes()
  return { got: response.status, expected: http }
}

function sendGrpc({ signal, packing }: Request, frame: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': GRPC_METHODS[signal],
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(packing === 'none' ? {} : { 'grpc-encoding': 'gzip' }),
    })
    let status = Number.NaN
    const read = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status'])
    }
    stream.on('response', read)
    stream.on('trailers', read)
    stream.on('error', reject)
    stream.on('close', () => resolve(status))
    stream.resume()
    stream.end(frame)
  })
}

test('ten thousand damaged requests under six moods of the upstream', async () => {
  const random = seeded(SEED)
  const wrong: object[] = []
  let sent = 0
  let highestBytes = 0
  const sender = async () => {
    while (sent < REQUESTS) {
      upstream.mood = MOODS[Math.floor((sent * MOODS.length) / REQUESTS)]!
      sent++
      const request = makeRequest(random)
      const { got, expected } = await send(request)
      if (!expected.includes(got))
        wrong.push({ ...request, got, body: Buffer.from(request.body).toString('hex') })
      if (sent % 500 === 0)
        highestBytes = Math.max(highestBytes, await gateway.metric('gateway_resident_memory_max_bytes'))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
  expect(wrong.slice(0, 3)).toEqual([])

  upstream.mood = 'takes'
  await pollUntilSettled(gateway)
  const received = await gateway.metric('gateway_packets_processed_total', 'status="received"')
  const turnedAway = await gateway.metric('gateway_turned_away_total')
  expect(received + turnedAway).toBe(REQUESTS)
  const dropped = await gateway.metric('gateway_packets_processed_total', 'status="dropped"')
  expect(await gateway.metric('gateway_dropped_total')).toBe(dropped)
  // Each kind of end has been seen.
  expect(await gateway.metric('gateway_dropped_total', 'reason_code="400"')).toBeGreaterThan(100)
  expect(await gateway.metric('gateway_dropped_total', 'reason_code="500"')).toBeGreaterThan(100)
  expect(await gateway.metric('gateway_packets_processed_total', 'status="exported"')).toBeGreaterThan(100)
  expect(await gateway.metric('gateway_slab_used_bytes')).toBe(0)
  expect(highestBytes).toBeGreaterThan(0)
  expect(highestBytes).toBeLessThan(SLAB_BYTES + BASE_BYTES)

  // And it serves on.
  const whole = PAYLOADS.map(({ signal, protobuf }): Request => {
    return { signal, way: 'grpc', damage: 'none', packing: 'gzip', body: protobuf }
  })
  for (const request of whole) expect((await send(request)).got).toBe(0)
  await pollUntilSettled(gateway)
}, 240_000)
