// Goal: OTLP/gRPC senders get what gRPC and the OTLP specification promise them: every service, compression, status,
// trailer, deadline and retry hint.
// Method: a real listener before a pipeline that says what it is told; a gRPC client of another library, and node:http2
// where such a client would not send what is wanted. Retry details are decoded by a third library.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import type { ClientHttp2Session } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { fromBinary } from '@bufbuild/protobuf'
import { AnySchema, DurationSchema } from '@bufbuild/protobuf/wkt'
import type { Outcome } from '../../../gateway/contracts.ts'
import { framed } from '../../../src/otlp/grpc/frame.ts'
import { GRPC } from '../../../src/otlp/grpc/status.ts'
import { decodeResponse } from '../../../src/otlp/response.ts'
import { GRPC_METHODS, SIGNALS } from '../../../src/otlp/signal.ts'
import { pollUntil } from '../../support/poll.ts'
import { type GrpcAnswer, grpcCaller, openRawSession, rawCall, startGrpcRig } from './grpc-rig.ts'
import { type Rig, turnedAway } from './rig.ts'

const MAX_BODY_BYTES = 4 << 20
const PATIENCE_MS = 20_000
const ACCEPTED: Outcome = { kind: 'accepted' }

let rig: Rig
let session: ClientHttp2Session
beforeAll(async () => {
  rig = await startGrpcRig({ maxBodyBytes: MAX_BODY_BYTES })
  session = await openRawSession(rig)
})
afterAll(async () => {
  session.destroy()
  await rig.stop()
})
beforeEach(() => {
  rig.offered.length = 0
  rig.outcome = ACCEPTED
})

/** Bytes that do not repeat: a mix-up of chunks or streams would show. */
function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = x >>> 16
  }
  return bytes
}

async function callOnce(
  body: Uint8Array,
  compression: 'none' | 'gzip' = 'none',
  path: string = GRPC_METHODS.traces,
  deadlineMs?: number,
): Promise<GrpcAnswer> {
  const caller = grpcCaller(rig, compression)
  try {
    return await caller.call(path, body, deadlineMs === undefined ? {} : { deadlineMs })
  } finally {
    caller.close()
  }
}

test.each(['none', 'gzip'] as const)('all services, small to 3 MB, compression %s', async (compression) => {
  const caller = grpcCaller(rig, compression)
  for (const signal of SIGNALS) {
    for (const size of [0, 1, 33_000, 3_000_000]) {
      const body = bytesOf(size, size + 1)
      const answer = await caller.call(GRPC_METHODS[signal], body)
      expect([answer.code, answer.response]).toEqual([GRPC.ok, Buffer.alloc(0)])
      const offered = rig.offered.pop()!
      expect([offered.signal, Buffer.compare(offered.body, body)]).toEqual([signal, 0])
    }
  }
  caller.close()
})

test('what the upstream refused of a request is told as a partial success', async () => {
  const partial = { rejected: 7, message: 'too old' }
  rig.outcome = { kind: 'accepted', partial }
  const answer = await callOnce(bytesOf(100, 1))
  expect([answer.code, decodeResponse(answer.response!)]).toEqual([GRPC.ok, { partial }])
})

test('many calls at once on one connection, larger together than its window: none waits for ever or is mixed up', async () => {
  const caller = grpcCaller(rig)
  const sizes = Array.from({ length: 24 }, (_, i) => (i % 4 === 0 ? 1_500_000 : 40_000) + i)
  const answers = await Promise.all(sizes.map((size) => caller.call(GRPC_METHODS.logs, bytesOf(size, size))))
  expect(answers.map(({ code }) => code)).toEqual(sizes.map(() => GRPC.ok))
  expect(rig.offered.length).toBe(sizes.length)
  for (const { body } of rig.offered) expect(Buffer.compare(body, bytesOf(body.length, body.length))).toBe(0)
  caller.close()
})

test('a message of exactly the limit is taken, one byte more is not', async () => {
  expect((await callOnce(bytesOf(MAX_BODY_BYTES, 1))).code).toBe(GRPC.ok)
  const over = await callOnce(bytesOf(MAX_BODY_BYTES + 1, 1))
  expect(over.code).toBe(GRPC.resourceExhausted)
  expect(over.details).toBe(`expected a message of at most ${MAX_BODY_BYTES} bytes`)
  // Too large for good: no invitation to come again.
  expect(over.trailers.get('grpc-status-details-bin')).toEqual([])
  expect(rig.offered.length).toBe(1)
})

test.each(['/x.Y/Export', '/opentelemetry.proto.collector.trace.v1.TraceService/Other', '/'])(
  'unknown method %s',
  async (path) => {
    const before = turnedAway(rig)['12'] ?? 0
    expect((await callOnce(bytesOf(100, 1), 'none', path)).code).toBe(GRPC.unimplemented)
    expect(turnedAway(rig)['12']).toBe(before + 1)
    expect(rig.offered).toEqual([])
  },
)

test('an unknown encoding is told which are known', async () => {
  const { headers } = await rawCall(session, { 'grpc-encoding': 'snappy' }, framed([bytesOf(9, 1)], true))
  expect(headers['grpc-status']).toBe(String(GRPC.unimplemented))
  expect(headers['grpc-accept-encoding']).toBe('identity,gzip')
})

test.each(['application/json', 'application/grpc-web', 'application/grpc+json', ''])(
  'content type "%s" is answered in HTTP',
  async (type) => {
    const answer = await rawCall(session, { 'content-type': type }, framed([bytesOf(9, 1)], false))
    expect({ ...answer.headers }).toMatchObject({ ':status': 415 })
    expect(answer.headers['grpc-status']).toBeUndefined()
    expect(rig.offered).toEqual([])
  },
)

test.each(['application/grpc', 'application/grpc+proto', 'application/grpc;charset=utf-8'])(
  'content type "%s" is gRPC',
  async (type) => {
    const { headers, body } = await rawCall(session, { 'content-type': type }, framed([bytesOf(9, 1)], false))
    expect([headers['grpc-status'], body]).toEqual(['0', Buffer.alloc(5)])
  },
)

const whole = framed([Buffer.from('hi')], false)
test.each([
  ['nothing', Buffer.alloc(0), 'a message of at least 5 bytes, got 0'],
  ['half a prefix', whole.subarray(0, 3), 'a message of at least 5 bytes, got 3'],
  ['a truncated message', whole.subarray(0, 6), 'one message of 2 bytes, got 1'],
  ['a length of 4 GB', Buffer.from([0, 255, 255, 255, 255, 1]), 'one message of 4294967295 bytes, got 1'],
  ['a compressed flag of 2', Buffer.from([2, 0, 0, 0, 1, 1]), 'a compressed flag of 0 or 1, got 2'],
  ['two messages', Buffer.concat([whole, whole]), 'one message of 2 bytes, got 9'],
  ['a compressed message without an encoding', framed([gzipSync('a')], true), 'grpc-encoding gzip'],
])('%s is INVALID_ARGUMENT', async (_name, bytes, detail) => {
  const { headers } = await rawCall(session, {}, bytes)
  expect(headers['grpc-status']).toBe(String(GRPC.invalidArgument))
  expect(decodeURIComponent(String(headers['grpc-message']))).toContain(detail)
  expect(rig.offered).toEqual([])
})

test('gzip: corrupt, truncated and uncompressed under its flag', async () => {
  const packed = gzipSync(bytesOf(1000, 1))
  const gzip = { 'grpc-encoding': 'gzip' }
  for (const bytes of [packed.subarray(0, 500), Buffer.from('no gzip at all')]) {
    const { headers } = await rawCall(session, gzip, framed([bytes], true))
    expect(headers['grpc-status']).toBe(String(GRPC.invalidArgument))
  }
  // The flag decides of each message, not the header.
  expect((await rawCall(session, gzip, whole)).headers['grpc-status']).toBe('0')
  expect(rig.offered.map(({ body }) => Buffer.from(body).toString())).toEqual(['hi'])
})

test('a deadline passes: the call ends, and what the pipeline says later is nobody’s', async () => {
  let settle: (outcome: Outcome) => void = () => {}
  rig.outcome = new Promise((resolve) => {
    settle = resolve
  })
  const { headers } = await rawCall(session, { 'grpc-timeout': '50m' }, whole)
  expect(headers['grpc-status']).toBe(String(GRPC.deadlineExceeded))
  expect((await callOnce(whole, 'none', GRPC_METHODS.traces, 100)).code).toBe(GRPC.deadlineExceeded)
  settle(ACCEPTED)
  rig.outcome = ACCEPTED
  expect((await rawCall(session, {}, whole)).headers['grpc-status']).toBe('0')
})

test.each([
  ['99999999H', '0'],
  ['1S', '0'],
  ['1x', '3'],
  ['-1S', '3'],
  ['123456789S', '3'],
])('grpc-timeout %s gives status %s', async (timeout, status) => {
  // Later than a timer that fires at once.
  rig.outcome = new Promise((resolve) => setTimeout(resolve, 30, ACCEPTED))
  expect((await rawCall(session, { 'grpc-timeout': timeout }, whole)).headers['grpc-status']).toBe(status)
})

interface Throttled {
  readonly code: number
  readonly delay: { readonly seconds: bigint; readonly nanos: number } | null
}

/** google.rpc.Status by hand over another library's Any and Duration: { code = 1, message = 2, details = 3 }. */
function detailsOf(answer: GrpcAnswer): Throttled | null {
  const [bytes] = answer.trailers.get('grpc-status-details-bin')
  if (bytes === undefined) return null
  const status = fieldsOf(bytes as Buffer)
  const any = fromBinary(AnySchema, status.get(3) as Buffer)
  expect(any.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo')
  // RetryInfo { Duration retry_delay = 1 }
  const delay = fromBinary(DurationSchema, fieldsOf(Buffer.from(any.value)).get(1) as Buffer)
  return { code: Number(status.get(1)), delay: { seconds: delay.seconds, nanos: delay.nanos } }
}

/** Fields shorter than 128 bytes and numbers below 128, which is all there is in these. */
function fieldsOf(bytes: Buffer): Map<number, Buffer | number> {
  const fields = new Map<number, Buffer | number>()
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!
    const value = bytes[at + 1]!
    at += 2
    if ((tag & 7) === 0) fields.set(tag >> 3, value)
    else {
      fields.set(tag >> 3, bytes.subarray(at, at + value))
      at += value
    }
  }
  return fields
}

test.each([
  [{ kind: 'refused', reason: '429', retryAfterMs: 1500 }, GRPC.resourceExhausted, [1n, 500_000_000]],
  [{ kind: 'refused', reason: '507', retryAfterMs: 250 }, GRPC.resourceExhausted, [0n, 250_000_000]],
  [{ kind: 'refused', reason: '503', retryAfterMs: 3000 }, GRPC.unavailable, [3n, 0]],
  [
    { kind: 'upstream-failed', retryable: true, retryAfterMs: 2000, detail: 'HTTP 503' },
    GRPC.unavailable,
    [2n, 0],
  ],
  [
    { kind: 'upstream-failed', retryable: false, retryAfterMs: 2000, detail: 'HTTP 400' },
    GRPC.internal,
    null,
  ],
  [{ kind: 'invalid', detail: 'wire type 7 at byte 3' }, GRPC.invalidArgument, null],
] as const)('%j is told as OTLP says', async (outcome, code, delay) => {
  rig.outcome = outcome
  const answer = await callOnce(whole)
  expect(answer.code).toBe(code)
  if ('detail' in outcome) expect(answer.details).toBe(outcome.detail)
  const expected = delay === null ? null : { code, delay: { seconds: delay[0], nanos: delay[1] } }
  expect(detailsOf(answer)).toEqual(expected)
})

test('a status message with any text arrives as it was', async () => {
  rig.outcome = { kind: 'invalid', detail: 'Größe 100 %\n„x“' }
  expect((await callOnce(whole)).details).toBe('Größe 100 %\n„x“')
})

test('shutdown: what is under way is answered, then the connection ends, and nobody new gets in', async () => {
  const own = await startGrpcRig()
  let settle: (outcome: Outcome) => void = () => {}
  own.outcome = new Promise((resolve) => {
    settle = resolve
  })
  const caller = await openRawSession(own)
  const goAway = new Promise((resolve) => caller.on('goaway', resolve))
  const idle = await openRawSession(own)
  const answer = rawCall(caller, {}, whole)
  await pollUntil('the call to arrive', PATIENCE_MS, () => own.offered.length === 1)
  const closed = own.receiver.close(new AbortController().signal)
  await goAway
  settle(ACCEPTED)
  expect((await answer).headers['grpc-status']).toBe('0')
  await closed
  await pollUntil('both connections to end', PATIENCE_MS, () => caller.destroyed && idle.destroyed)
  expect(
    await Bun.connect({ hostname: '127.0.0.1', port: own.receiver.port, socket: { data() {} } }).then(
      () => 'connected',
      () => 'refused',
    ),
  ).toBe('refused')
})

test('shutdown is cut short by its signal, and can be asked for again', async () => {
  const own = await startGrpcRig()
  own.outcome = new Promise(() => {})
  const caller = await openRawSession(own)
  const answer = rawCall(caller, {}, whole)
  await pollUntil('the call to arrive', PATIENCE_MS, () => own.offered.length === 1)
  const cut = new AbortController()
  const closed = own.receiver.close(cut.signal)
  cut.abort()
  await closed
  expect((await answer).headers['grpc-status']).toBeUndefined()
  await own.receiver.close(AbortSignal.abort())
})
