// Goal: the OTLP/HTTP receiver hands plain protobuf to the pipeline and answers as the OTLP specification says. Method:
// a pipeline that says what the test wants, behind the real server; requests of fetch, answers read back by the codec.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Outcome } from '../../../gateway/contracts.ts'
import { makePayload, payloadAsJson } from '../../../gateway/payload/payload.ts'
import { decodeResponse, responseFromJson } from '../../../src/otlp/response.ts'
import { HTTP_PATHS, SIGNALS } from '../../../src/otlp/signal.ts'
import { decodeStatus, statusFromJson } from '../../../src/otlp/status.ts'
import { pollUntil } from '../../support/poll.ts'
import { LIMITS, type Rig, startRig, turnedAway } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig.stop())
beforeEach(() => {
  rig.outcome = { kind: 'accepted' }
  rig.offered.length = 0
})

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const payload = makePayload({ signal: 'traces', profile: 'real', records: 20, seed: 1 }).body
const json = payloadAsJson('traces', payload)

function post(body: Uint8Array | string, headers: Record<string, string> = {}, path = '/v1/traces') {
  return fetch(`${rig.url}${path}`, {
    method: 'POST',
    body: body as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': PROTOBUF, ...headers },
  })
}

describe('accepted', () => {
  test.each([...SIGNALS])('%s: protobuf arrives as sent, the answer has no bytes', async (signal) => {
    const { body } = makePayload({ signal, profile: 'even', records: 100, seed: 1 })
    const response = await post(body, {}, HTTP_PATHS[signal])
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(PROTOBUF)
    expect((await response.bytes()).length).toBe(0)
    expect(rig.offered.map((each) => each.signal)).toEqual([signal])
    expect(Buffer.from(rig.offered[0]!.body).equals(body)).toBe(true)
  })

  test.each([...SIGNALS])('%s: JSON arrives as protobuf, the answer is {}', async (signal) => {
    const { body } = makePayload({ signal, profile: 'real', records: 10, seed: 1 })
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
    const response = await post(payloadAsJson(signal, body), headers, HTTP_PATHS[signal])
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(JSON_TYPE)
    expect(await response.text()).toBe('{}')
    expect(Buffer.from(rig.offered[0]!.body).equals(body)).toBe(true)
  })

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
    ['deflate', deflateSync],
  ] as const)('%s, of protobuf and of JSON', async (coding, pack) => {
    for (const [sent, type] of [
      [payload, PROTOBUF],
      [json, JSON_TYPE],
    ] as const) {
      const response = await post(pack(sent), { 'content-type': type, 'content-encoding': coding })
      expect(response.status).toBe(200)
    }
    expect(rig.offered.length).toBe(2)
    for (const { body } of rig.offered) expect(Buffer.from(body).equals(payload)).toBe(true)
  })

  test('the pipeline may change the body in place', async () => {
    await post(payload)
    const { body } = rig.offered[0]!
    body.fill(0)
    await post(payload)
    expect(Buffer.from(rig.offered[1]!.body).equals(payload)).toBe(true)
  })

  test('an empty request is a success', async () => {
    expect((await post('')).status).toBe(200)
    expect(rig.offered[0]!.body.length).toBe(0)
  })

  test('a chunked body', async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < payload.length; at += 999) controller.enqueue(payload.subarray(at, at + 999))
        controller.close()
      },
    })
    const init = { method: 'POST', body: chunks, duplex: 'half', headers: { 'content-type': PROTOBUF } }
    const response = await fetch(`${rig.url}/v1/traces`, init as RequestInit)
    expect(response.status).toBe(200)
    expect(Buffer.from(rig.offered[0]!.body).equals(payload)).toBe(true)
  })

  test('a query is no part of the path', async () => {
    expect((await post(payload, {}, '/v1/traces?tenant=1')).status).toBe(200)
  })
})

describe('outcomes', () => {
  const retry = { retryAfterMs: 1500 }
  test.each<[Outcome, number, number, string | null]>([
    [{ kind: 'refused', reason: '429', ...retry }, 429, 8, '2'],
    [{ kind: 'refused', reason: '503', ...retry }, 503, 14, '2'],
    [{ kind: 'refused', reason: '507', ...retry }, 503, 14, '2'],
    [{ kind: 'refused', reason: '429', retryAfterMs: 0 }, 429, 8, '1'],
    [{ kind: 'invalid', detail: 'expected a varint' }, 400, 3, null],
    [{ kind: 'upstream-failed', retryable: true, ...retry, detail: 'upstream: 502' }, 503, 14, '2'],
    [{ kind: 'upstream-failed', retryable: false, ...retry, detail: 'upstream: 401' }, 500, 13, null],
  ])('%j becomes %d', async (outcome, status, code, retryAfter) => {
    for (const isLater of [false, true]) {
      rig.outcome = isLater ? Promise.resolve(outcome) : outcome
      const response = await post(payload)
      expect(response.status).toBe(status)
      expect(response.headers.get('retry-after')).toBe(retryAfter)
      expect(response.headers.get('content-type')).toBe(PROTOBUF)
      const decoded = decodeStatus(await response.bytes())
      expect(decoded?.code).toBe(code)
      expect(decoded?.message).not.toBe('')
      expect(decoded?.retryDelayMs === undefined).toBe(retryAfter === null)
      const inJson = await post(json, { 'content-type': JSON_TYPE })
      expect(inJson.status).toBe(status)
      expect(inJson.headers.get('content-type')).toBe(JSON_TYPE)
      expect(statusFromJson(await inJson.bytes())).toEqual(decoded)
    }
  })

  test('what the upstream refused of a request is told as a partial success', async () => {
    const partial = { rejected: 7, message: 'too old' }
    rig.outcome = { kind: 'accepted', partial }
    const response = await post(payload)
    expect([response.status, decodeResponse(await response.bytes())]).toEqual([200, { partial }])
    const inJson = await post(json, { 'content-type': JSON_TYPE })
    expect([inJson.status, responseFromJson('traces', await inJson.bytes())]).toEqual([200, { partial }])
  })

  test('invalid data is described as a BadRequest', async () => {
    rig.outcome = { kind: 'invalid', detail: 'expected a varint at byte 7' }
    const status = decodeStatus(await (await post(payload)).bytes())
    expect(status?.violations).toEqual([{ field: '', description: 'expected a varint at byte 7' }])
  })

  test('a defect of the pipeline is 500 and not the end', async () => {
    rig.outcome = () => {
      throw new Error('defect')
    }
    const response = await post(payload)
    expect(response.status).toBe(500)
    expect(decodeStatus(await response.bytes())?.message).toBe('a defect of the gateway')
    rig.outcome = { kind: 'accepted' }
    expect((await post(payload)).status).toBe(200)
  })

  test('the time to the answer is recorded by signal, for answers of the pipeline only', async () => {
    const own = await startRig()
    try {
      const send = (headers: Record<string, string>) =>
        fetch(`${own.url}/v1/logs`, { method: 'POST', body: 'x', headers })
      await send({ 'content-type': PROTOBUF })
      await send({ 'content-type': 'text/plain' })
      const counts = own.meter
        .snapshot()
        .timings.map(({ labels, buckets }) => [labels, buckets.reduce((sum, bucket) => sum + bucket, 0)])
      expect(counts).toEqual([
        [{ signal: 'traces', protocol: 'http' }, 0],
        [{ signal: 'metrics', protocol: 'http' }, 0],
        [{ signal: 'logs', protocol: 'http' }, 1],
      ])
      expect(turnedAway(own)).toEqual({ '415': 1 })
    } finally {
      await own.stop()
    }
  })
})

describe('turned away', () => {
  async function refusal(response: Response) {
    expect(rig.offered).toEqual([])
    return { status: response.status, message: decodeStatus(await response.bytes())?.message ?? '' }
  }

  test('unknown paths', async () => {
    for (const path of [
      '/',
      '/v1/trace',
      '/v1/traces/',
      '/v1/traces/x',
      '/V1/TRACES',
      '/v1development/profiles',
    ]) {
      expect(await refusal(await post(payload, {}, path))).toMatchObject({ status: 404 })
    }
  })

  test('other methods, with Allow', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(`${rig.url}/v1/metrics`, { method })
      expect(response.headers.get('allow')).toBe('POST')
      expect(await refusal(response)).toEqual({ status: 405, message: 'expected POST' })
    }
  })

  test('other content types', async () => {
    for (const type of [
      'text/plain',
      'application/x-protobuf2',
      'application/jsonx',
      'multipart/form-data',
    ]) {
      expect(await refusal(await post(payload, { 'content-type': type }))).toEqual({
        status: 415,
        message: 'expected content-type application/x-protobuf or application/json',
      })
    }
  })

  test('other codings, and several, with Accept-Encoding', async () => {
    for (const coding of ['br', 'gzip, gzip', 'snappy', 'x']) {
      const response = await post(payload, { 'content-encoding': coding })
      expect(response.headers.get('accept-encoding')).toBe('gzip, deflate, zstd')
      expect(await refusal(response)).toMatchObject({ status: 415 })
    }
  })

  test('JSON that is none, or does not fit, with its path', async () => {
    const send = (text: string) => post(text, { 'content-type': JSON_TYPE })
    const broken = await send('{"resourceSpans":')
    expect(broken.status).toBe(400)
    expect(statusFromJson(await broken.bytes())?.message).toBe('expected JSON at $')
    const unfit = statusFromJson(await (await send('{"resourceSpans":[{"schemaUrl":5}]}')).bytes())
    expect(unfit).toEqual({
      code: 3,
      message: 'expected a string, got a number at $.resourceSpans[0].schemaUrl',
      violations: [{ field: '$.resourceSpans[0].schemaUrl', description: 'expected a string, got a number' }],
    })
    expect(rig.offered).toEqual([])
  })

  test('what does not unpack', async () => {
    const packed = gzipSync(payload)
    for (const [coding, body] of [
      ['gzip', payload],
      ['gzip', packed.subarray(0, -20)],
      ['zstd', zstdCompressSync(payload).subarray(0, -20)],
      ['zstd', packed],
      ['deflate', packed],
    ] as const) {
      const { status, message } = await refusal(await post(body, { 'content-encoding': coding }))
      expect(status).toBe(400)
      expect(message).toStartWith(`expected ${coding}, got: `)
    }
  })

  test('bodies beyond the limit: as sent, as chunks, as unpacked, as protobuf of JSON', async () => {
    const atLimit = new Uint8Array(LIMITS.maxBodyBytes)
    expect((await post(atLimit)).status).toBe(200)
    expect((await post(gzipSync(atLimit), { 'content-encoding': 'gzip' })).status).toBe(200)
    rig.offered.length = 0
    const beyond = new Uint8Array(LIMITS.maxBodyBytes + 1)
    expect(await refusal(await post(beyond))).toEqual({
      status: 413,
      message: 'expected a body of at most 1048576 bytes, as sent and unpacked',
    })
    expect(await refusal(await post(gzipSync(beyond), { 'content-encoding': 'gzip' }))).toMatchObject({
      status: 413,
    })
    const points = `{"dataPoints":[{"bucketCounts":[${'0,'.repeat(200_000)}0]}]}`
    const metrics = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":${points}}]}]}]}`
    expect((await post(metrics, { 'content-type': JSON_TYPE }, '/v1/metrics')).status).toBe(413)
    expect(rig.offered).toEqual([])
  })

  test('JSON has a limit of its own', async () => {
    const own = await startRig({ maxBodyBytes: 16 << 20 })
    const send = (size: number, type: string) =>
      fetch(`${own.url}/v1/logs`, {
        method: 'POST',
        body: `{"a":"${'a'.repeat(size - 8)}"}`,
        headers: { 'content-type': type },
      })
    try {
      expect((await send(4 << 20, JSON_TYPE)).status).toBe(200)
      expect((await send((4 << 20) + 1, JSON_TYPE)).status).toBe(413)
      expect((await send((4 << 20) + 1, PROTOBUF)).status).toBe(200)
    } finally {
      await own.stop()
    }
  })

  test('more at once than the limit: 503 with Retry-After, and room again afterwards', async () => {
    const own = await startRig({ maxConnections: 3 })
    try {
      const held = Promise.withResolvers<Outcome>()
      own.outcome = held.promise
      const send = () =>
        fetch(`${own.url}/v1/traces`, { method: 'POST', body: 'x', headers: { 'content-type': PROTOBUF } })
      const waiting = [send(), send(), send()]
      await pollUntil('three requests under way', 20_000, () => own.offered.length === 3)
      const refused = await send()
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('1')
      held.resolve({ kind: 'accepted' })
      for (const each of waiting) expect((await each).status).toBe(200)
      expect((await send()).status).toBe(200)
    } finally {
      await own.stop()
    }
  })
})

describe('closing', () => {
  test('answers what is under way, takes nothing new', async () => {
    const own = await startRig()
    const held = Promise.withResolvers<Outcome>()
    own.outcome = held.promise
    const send = () =>
      fetch(`${own.url}/v1/traces`, { method: 'POST', body: 'x', headers: { 'content-type': PROTOBUF } })
    const waiting = send()
    await pollUntil('a request under way', 20_000, () => own.offered.length === 1)
    const closed = own.receiver.close(new AbortController().signal)
    held.resolve({ kind: 'accepted' })
    const response = await waiting
    expect(response.status).toBe(200)
    expect(response.headers.get('connection')).toBe('close')
    await closed
    expect(send()).rejects.toThrow()
  })

  test('cuts what is under way once its time is over; a second call is harmless', async () => {
    const own = await startRig()
    own.outcome = new Promise(() => {})
    const cut = fetch(`${own.url}/v1/traces`, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': PROTOBUF },
    })
    await pollUntil('a request under way', 20_000, () => own.offered.length === 1)
    const abort = new AbortController()
    const closed = own.receiver.close(abort.signal)
    abort.abort()
    expect(cut).rejects.toThrow()
    await closed
    await own.receiver.close(AbortSignal.abort())
  })

  test('a port that is taken is named', async () => {
    const error = await startRigOn(rig.receiver.port).catch((thrown: unknown) => thrown)
    expect(String(error)).toContain(`expected to listen on 127.0.0.1:${rig.receiver.port}`)
  })
})

async function startRigOn(port: number) {
  const own = await startRig({}, port)
  await own.stop()
}
