// Goal: hostile and broken gRPC senders get their status or are cut, cost bounded memory, and the receiver serves on.
// Method: raw sockets that write bytes and frames no client would, and node:http2 for senders that stop half-way.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import type { ClientHttp2Session } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { framed } from '../../../src/otlp/grpc/frame.ts'
import { GRPC } from '../../../src/otlp/grpc/status.ts'
import { pollUntil } from '../../support/poll.ts'
import { GRPC_HEADERS, openRawSession, rawCall, startGrpcRig } from './grpc-rig.ts'
import { dial, type Rig, turnedAway } from './rig.ts'

const PATIENCE_MS = 20_000
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const SETTINGS = frame(4, 0, 0)
const whole = framed([Buffer.from('hi')], false)

let rig: Rig
let session: ClientHttp2Session
beforeAll(async () => {
  rig = await startGrpcRig()
  session = await openRawSession(rig)
})
afterAll(async () => {
  session.destroy()
  await rig.stop()
})
beforeEach(() => {
  rig.offered.length = 0
  rig.outcome = { kind: 'accepted' }
})

/** RFC 9113 §4.1. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

async function servesOn(on: Rig = rig): Promise<void> {
  const fresh = await openRawSession(on)
  expect((await rawCall(fresh, {}, whole)).headers['grpc-status']).toBe('0')
  fresh.destroy()
}

test.each([
  ['a newline, as port probes write', '\n'],
  ['an HTTP/1.1 request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a TLS client hello', Buffer.from('16030100c8010000c40303', 'hex')],
  ['zeros', Buffer.alloc(100_000)],
  ['a preface cut and continued wrongly', `${PREFACE.slice(0, 20)}xxxxxxxxxxxxxxxxxxxx`],
  [
    'a frame longer than allowed',
    Buffer.concat([Buffer.from(PREFACE), Buffer.from('ffffff000000000001', 'hex')]),
  ],
  ['data on stream 0', Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(0, 0, 0, Buffer.alloc(10))])],
  [
    'headers that are no HPACK',
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(1, 5, 1, Buffer.alloc(50, 0xff))]),
  ],
  [
    'a continuation of nothing',
    Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(9, 4, 1, Buffer.alloc(5))]),
  ],
])('%s: the connection is cut', async (_name, bytes) => {
  const line = await dial(rig)
  line.socket.write(bytes)
  await line.closes()
  await servesOn()
  expect(rig.offered.length).toBe(1)
})

test('headers without end are cut or refused, not kept', async () => {
  const line = await dial(rig)
  line.socket.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS, frame(1, 1, 1, Buffer.alloc(10, 0x82))]))
  // CONTINUATION upon CONTINUATION (CVE-2024-27316): a literal header that never ends its block.
  const more = Buffer.concat([Buffer.from('00017f80', 'hex'), Buffer.alloc(16_000, 0x61)])
  let sent = 0
  while (!line.isClosed() && sent < 2000) {
    line.socket.write(frame(9, 0, 1, more))
    sent++
    if (sent % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await line.closes()
  await servesOn()
})

test('headers of 20 KB are refused, and the connection goes on', async () => {
  const answer = await rawCall(session, { 'x-long': 'a'.repeat(20_000) }, whole)
  expect([answer.headers['grpc-status'], answer.rstCode !== 0]).toEqual([undefined, true])
  expect((await rawCall(session, {}, whole)).headers['grpc-status']).toBe('0')
})

test('a message past the limit is refused before it has ended, and its sender told to stop', async () => {
  const before = turnedAway(rig)['8'] ?? 0
  const answer = await rawCall(session, {}, framed([Buffer.alloc(1 << 21)], false), false)
  expect(answer.headers['grpc-status']).toBe(String(GRPC.resourceExhausted))
  expect(turnedAway(rig)['8']).toBe(before + 1)
  expect((await rawCall(session, {}, whole)).headers['grpc-status']).toBe('0')
})

test('gzip bombs are refused at the limit, and take little memory', async () => {
  const bomb = framed([gzipSync(Buffer.alloc(1 << 29))], true)
  await rawCall(session, { 'grpc-encoding': 'gzip' }, bomb)
  Bun.gc(true)
  const beforeBytes = process.memoryUsage.rss()
  const answers = await Promise.all(
    Array.from({ length: 32 }, () => rawCall(session, { 'grpc-encoding': 'gzip' }, bomb)),
  )
  const grownBytes = process.memoryUsage.rss() - beforeBytes
  expect(new Set(answers.map(({ headers }) => headers['grpc-status']))).toEqual(new Set(['8']))
  // Unpacked they would be 16 GiB.
  expect(grownBytes).toBeLessThan(256 << 20)
  expect(rig.offered).toEqual([])
})

/** A call's headers as literals (RFC 7541 §6.2.2), without the end of the stream. */
function callHeaders(stream: number): Buffer {
  const fields = Object.entries({ ...GRPC_HEADERS, ':scheme': 'http', ':authority': 'x' })
  const pseudoFirst = fields.sort(([a], [b]) => Number(b.startsWith(':')) - Number(a.startsWith(':')))
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
  const block = pseudoFirst.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)]))
  return frame(1, 4, stream, Buffer.concat(block))
}

test('senders that reset half-way are forgotten, even when their message was whole', async () => {
  const line = await dial(rig)
  line.socket.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS]))
  const cancel = Buffer.of(0, 0, 0, 8)
  for (let i = 0; i < 300; i++) {
    const id = 2 * i + 1
    const data = frame(0, 0, id, i % 2 === 0 ? whole.subarray(0, 6) : whole)
    line.socket.write(Buffer.concat([callHeaders(id), data, frame(3, 0, id, cancel)]))
  }
  // The same connection answers a whole call behind them: 7 bytes of data, then trailers.
  line.socket.write(Buffer.concat([callHeaders(601), frame(0, 1, 601, whole)]))
  await pollUntil('the whole call', PATIENCE_MS, () => rig.offered.length > 0)
  await servesOn()
  expect(rig.offered.length).toBe(2)
  line.socket.destroy()
})

test('a sender that resets before its answer leaves nothing behind', async () => {
  let settle: () => void = () => {}
  rig.outcome = new Promise((resolve) => {
    settle = () => resolve({ kind: 'accepted' })
  })
  const stream = session.request({ ...GRPC_HEADERS, 'grpc-timeout': '1H' })
  stream.on('error', () => {})
  stream.end(whole)
  await pollUntil('the call to arrive', PATIENCE_MS, () => rig.offered.length === 1)
  stream.close(8)
  await new Promise((resolve) => stream.once('close', resolve))
  rig.outcome = { kind: 'accepted' }
  expect((await rawCall(session, {}, whole)).headers['grpc-status']).toBe('0')
  settle()
  expect((await rawCall(session, {}, whole)).headers['grpc-status']).toBe('0')
})

test('a sender that vanishes half-way takes its connection along, nothing else', async () => {
  const own = await openRawSession(rig)
  const stream = own.request(GRPC_HEADERS)
  stream.on('error', () => {})
  stream.write(whole.subarray(0, 6))
  own.destroy()
  await servesOn()
  expect(rig.offered.length).toBe(1)
})

test('more connections than allowed are cut; a place that comes free is given again', async () => {
  const own = await startGrpcRig({ maxConnections: 2 })
  const first = await openRawSession(own)
  const second = await openRawSession(own)
  for (const each of [first, second])
    expect((await rawCall(each, {}, whole)).headers['grpc-status']).toBe('0')
  const third = await dial(own)
  third.socket.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS]))
  await third.closes()
  expect((await rawCall(first, {}, whole)).headers['grpc-status']).toBe('0')
  second.destroy()
  await pollUntil('the free place', PATIENCE_MS, async () => {
    const again = await openRawSession(own)
    const answer = await rawCall(again, {}, whole)
    again.destroy()
    return answer.headers['grpc-status'] === '0'
  })
  first.destroy()
  await own.stop()
})

test('time-outs: silence ends a connection, before its preface too; a request that dribbles is refused', async () => {
  const own = await startGrpcRig({ idleTimeoutMs: 300 })
  const mute = await dial(own)
  const silent = await openRawSession(own)
  const dribbling = await openRawSession(own)
  const stream = dribbling.request(GRPC_HEADERS)
  stream.on('error', () => {})
  const drip = setInterval(() => stream.writable && stream.write(Buffer.alloc(1)), 20)
  let status: unknown
  stream.on('response', (headers) => {
    status = headers['grpc-status']
  })
  await pollUntil('the dribbler to be refused', PATIENCE_MS, () => status !== undefined)
  clearInterval(drip)
  expect(status).toBe(String(GRPC.deadlineExceeded))
  await pollUntil('the silent connections to end', PATIENCE_MS, () => silent.destroyed && mute.isClosed())
  await pollUntil('the dribbler’s connection to end', PATIENCE_MS, () => dribbling.destroyed)
  expect(own.offered).toEqual([])
  await servesOn(own)
  await own.stop()
})
