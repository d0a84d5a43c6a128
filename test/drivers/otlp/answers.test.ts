// Goal: every answer and every failure of a server settles its request's range with the right outcome, and retries are
// bounded and wait as asked. Method: servers on loopback that say what they are told.
import { afterEach, expect, test } from 'bun:test'
import { encodeResponse } from '../../../src/otlp/response.ts'
import { encodeStatus } from '../../../src/otlp/status.ts'
import { offer, openDriver, type Scripted, scriptedGrpc, scriptedHttp, until } from './rig.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** The settlement of 10 messages that a server gets after it has greeted; settings win. */
async function settlementOf(server: Scripted, settings: Readonly<Record<string, unknown>>) {
  stops.push(server.stop)
  const client = server.server.startsWith('grpc') ? 'grpc' : 'http'
  const driver = await openDriver([server.server], { client, ...settings })
  stops.push(driver.close)
  const { producer, settled } = await driver.producer()
  offer(producer, 0, 10)
  await until('a settlement', () => settled.length > 0)
  return settled
}

const partial = (rejected: number) => encodeResponse({ rejected, message: 'no' }) as Uint8Array<ArrayBuffer>
const all = { first: 0, count: 10 }

test.each<[string, Response, object]>([
  ['200', new Response(null), { outcome: 'acknowledged', reason: undefined }],
  ['a warning', new Response(partial(0)), { outcome: 'acknowledged' }],
  ['all refused', new Response(partial(10)), { outcome: 'rejected', reason: 'all records refused' }],
  // Which ones is not said: to call some acknowledged would accuse the system of losing them.
  ['some refused', new Response(partial(3)), { outcome: 'unknown', reason: 'partly refused' }],
  ['no OTLP', new Response('<html>'), { outcome: 'unknown', reason: 'answer is not OTLP' }],
  ['400', new Response(null, { status: 400 }), { outcome: 'rejected', reason: 'HTTP 400' }],
  ['429', new Response(null, { status: 429 }), { outcome: 'rejected', reason: 'HTTP 429' }],
  ['503', new Response(null, { status: 503 }), { outcome: 'rejected', reason: 'HTTP 503' }],
])('HTTP: %s', async (_, response, expected) => {
  let requests = 0
  const server = scriptedHttp(() => (requests++ === 0 ? new Response(null) : response))
  const settled = await settlementOf(server, {})
  expect(settled).toEqual([expect.objectContaining({ ...all, ...expected })])
  expect(requests).toBe(2)
})

const throttled = Buffer.from(encodeStatus({ code: 8, message: '', retryDelayMs: 1 })).toString('base64')

test.each<[string, Readonly<Record<string, string>>, object]>([
  ['UNAVAILABLE', { 'grpc-status': '14' }, { outcome: 'rejected', reason: 'gRPC status 14' }],
  ['INVALID_ARGUMENT', { 'grpc-status': '3' }, { outcome: 'rejected', reason: 'gRPC status 3' }],
  [
    'RESOURCE_EXHAUSTED with RetryInfo',
    { 'grpc-status': '8', 'grpc-status-details-bin': throttled },
    { outcome: 'rejected', reason: 'gRPC status 8' },
  ],
])('gRPC: %s', async (_, trailers, expected) => {
  let calls = 0
  const server = await scriptedGrpc(() => (calls++ === 0 ? { 'grpc-status': '0' } : trailers))
  expect(await settlementOf(server, {})).toEqual([expect.objectContaining({ ...all, ...expected })])
})

test('no answer in time is unknown', async () => {
  let requests = 0
  const silent = scriptedHttp(() => (requests++ === 0 ? new Response(null) : new Promise<Response>(() => {})))
  const late = await settlementOf(silent, { requestTimeoutMs: 100 })
  expect(late).toEqual([{ ...all, outcome: 'unknown', reason: 'timeout' }])

  let calls = 0
  const silentGrpc = await scriptedGrpc(() => (calls++ === 0 ? { 'grpc-status': '0' } : null))
  const lateCall = await settlementOf(silentGrpc, { requestTimeoutMs: 100 })
  expect(lateCall).toEqual([{ ...all, outcome: 'unknown', reason: 'timeout' }])
})

test('a connection that breaks before the answer is unknown', async () => {
  let requests = 0
  const breaking = scriptedHttp(() => {
    if (requests++ === 0) return new Response(null)
    queueMicrotask(breaking.stop)
    return new Promise<Response>(() => {})
  })
  expect(await settlementOf(breaking, {})).toEqual([
    { ...all, outcome: 'unknown', reason: 'connection lost' },
  ])

  let calls = 0
  const breakingGrpc = await scriptedGrpc(() => {
    if (calls++ === 0) return { 'grpc-status': '0' }
    queueMicrotask(breakingGrpc.stop)
    return null
  })
  const broken = await settlementOf(breakingGrpc, {})
  expect(broken).toEqual([{ ...all, outcome: 'unknown', reason: 'connection lost' }])
})

test('a server that is gone refuses: nothing was sent', async () => {
  const server = scriptedHttp(() => new Response(null))
  const driver = await openDriver([server.server], {})
  stops.push(driver.close)
  server.stop()
  const { producer, settled } = await driver.producer()
  offer(producer, 0, 10)
  await until('a settlement', () => settled.length > 0)
  expect(settled).toEqual([{ ...all, outcome: 'rejected', reason: 'no connection' }])
})

test('asked for, refusals are tried again until they are taken', async () => {
  let requests = 0
  const server = scriptedHttp(() => {
    requests++
    return new Response(null, requests === 2 || requests === 3 ? { status: 503 } : {})
  })
  const settled = await settlementOf(server, { retryForMs: 60_000 })
  expect(settled).toEqual([{ ...all, outcome: 'acknowledged', reason: undefined }])
  expect(requests).toBe(4)
})

test('who is asked to come again after the end of retries does not come', async () => {
  let requests = 0
  const again = { status: 429, headers: { 'retry-after': '3600' } }
  const server = scriptedHttp(() => new Response(null, requests++ === 0 ? {} : again))
  const settled = await settlementOf(server, { retryForMs: 60_000 })
  expect(settled).toEqual([{ ...all, outcome: 'rejected', reason: 'HTTP 429' }])
  expect(requests).toBe(2)
})

test.each(['http', 'grpc'])(
  'who does not speak OTLP is named before anything is sent: %s',
  async (client) => {
    const web = scriptedHttp(() => new Response('hello', { status: 404 }))
    stops.push(web.stop)
    const server = web.server.replace('http:', `${client}:`)
    const thrown = await openDriver([server], {
      client,
      connectTimeoutMs: 2000,
      requestTimeoutMs: 2000,
    }).catch((error) => error)
    expect(thrown.code).toBe('PREPARE')
    expect(thrown.message).toContain(server.slice('http://'.length))
  },
)
