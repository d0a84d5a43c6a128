// Goal: hostile and broken senders get the right status or are cut, and cost bounded memory; the receiver serves on.
// Method: raw sockets that say what no client would; the process's own memory around bombs.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createBodyReader } from '../../../gateway/receive/http/body.ts'
import { unpack } from '../../../gateway/receive/unpack.ts'
import { pollUntil } from '../../support/poll.ts'
import { dial, type Rig, startRig, turnedAway } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig.stop())
beforeEach(() => {
  rig.offered.length = 0
})

const HEAD = 'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n'
const SMALL = `${HEAD}Content-Length: 2\r\n\r\n\x0a\x00`

async function servesOn(): Promise<void> {
  const line = await dial(rig)
  line.socket.write(SMALL)
  await line.hears(/^HTTP\/1\.1 200 OK/)
  line.socket.destroy()
}

const statuses = (heard: string) => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])

test('keep-alive and pipelining: every request is answered, in order', async () => {
  const line = await dial(rig)
  const unknown = SMALL.replace('/v1/traces', '/nothing')
  line.socket.write(SMALL + unknown + SMALL)
  await pollUntil('three answers', 20_000, () => statuses(line.heard()).length === 3)
  expect(statuses(line.heard())).toEqual(['200', '404', '200'])
  line.socket.write(SMALL)
  await pollUntil('a fourth answer', 20_000, () => statuses(line.heard()).length === 4)
  expect(rig.offered.length).toBe(3)
  expect(line.isClosed()).toBe(false)
  line.socket.destroy()
})

test('a request cut into single bytes', async () => {
  const line = await dial(rig)
  line.socket.setNoDelay(true)
  for (const byte of SMALL) await new Promise((resolve) => line.socket.write(byte, 'latin1', resolve))
  await line.hears(/^HTTP\/1\.1 200 OK/)
  line.socket.destroy()
})

test('a sender that closes its half after the request still gets the answer', async () => {
  const line = await dial(rig)
  line.socket.end(SMALL)
  await line.hears(/^HTTP\/1\.1 200 OK/)
  await line.closes()
})

test.each([
  ['half-closes', false],
  ['vanishes', true],
] as const)('a sender that %s within its body is counted and forgotten', async (_name, isGone) => {
  const before = turnedAway(rig)['408'] ?? 0
  for (const framing of ['Content-Length: 30\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n']) {
    const line = await dial(rig)
    line.socket.write(HEAD + framing)
    if (isGone) line.socket.resetAndDestroy()
    else line.socket.end()
    await line.closes()
  }
  await pollUntil('both to be counted', 20_000, () => {
    // A reset may arrive before the request has: then there is nothing to count.
    return isGone || (turnedAway(rig)['408'] ?? 0) === before + 2
  })
  expect(rig.offered).toEqual([])
  await servesOn()
})

test.each([
  ['a header of 20 KB', `${HEAD}X: ${'a'.repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`, 431],
  ['300 headers', `${HEAD}${'X: 1\r\n'.repeat(300)}Content-Length: 0\r\n\r\n`, 431],
  ['two lengths', `${HEAD}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`, 400],
  [
    'a length and chunks',
    `${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    400,
  ],
  ['a negative length', `${HEAD}Content-Length: -1\r\n\r\n`, 400],
  ['a length of 30 digits', `${HEAD}Content-Length: ${'9'.repeat(30)}\r\n\r\n`, 400],
  ['a chunk without a size', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`, 400],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['noise', '\x00\x16\x03\x01\x02garbage\r\n\r\n', 400],
])('%s: refused and cut', async (_name, sent, status) => {
  const line = await dial(rig)
  line.socket.write(sent, 'latin1')
  await line.closes()
  expect(statuses(line.heard())).toEqual([String(status)])
  expect(rig.offered).toEqual([])
  await servesOn()
})

test('a body named too large is refused before it comes, and the connection is cut', async () => {
  const line = await dial(rig)
  line.socket.write(`${HEAD}Content-Length: 2000000000\r\n\r\nabc`)
  await line.hears(/^HTTP\/1\.1 413 .*connection: close/is)
  await line.closes()
})

test('endless chunks are cut at the limit', async () => {
  const line = await dial(rig)
  line.socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536), Buffer.from('\r\n')])
  for (let i = 0; i < 1000 && !line.isClosed() && line.heard() === ''; i++) {
    await new Promise((resolve) => line.socket.write(chunk, resolve))
  }
  await line.hears(/^HTTP\/1\.1 413 /)
  await line.closes()
})

test('large bodies that are slow to arrive share a fixed memory; small ones pass them', async () => {
  const reader = createBodyReader(1 << 20)
  const send = (contentLength: string | null) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const init = { method: 'POST', body: readable, duplex: 'half' }
    const request = new Request('http://x/', init as RequestInit)
    const writer = writable.getWriter()
    return {
      read: reader.read(request, contentLength, 4 << 20),
      write: (sizeBytes: number) => void writer.write(new Uint8Array(sizeBytes)).catch(() => {}),
      end: () => void writer.close().catch(() => {}),
    }
  }
  // It names all the memory there is, and takes none before its bytes come.
  const slow = send(String(4 << 20))
  const named = send(String(1 << 20))
  named.write(1 << 20)
  named.end()
  expect(await named.read).toMatchObject({ kind: 'body' })

  slow.write(1 << 20)
  const chunked = send(null)
  for (let i = 0; i < 4; i++) chunked.write(256 << 10)
  expect(await chunked.read).toEqual({ kind: 'no-room' })
  const small = send('3')
  small.write(3)
  small.end()
  expect(await small.read).toMatchObject({ kind: 'body' })

  slow.end()
  expect(await slow.read).toMatchObject({ kind: 'body' })
  const next = send(null)
  next.write(1 << 20)
  next.end()
  expect(await next.read).toMatchObject({ kind: 'body' })
})

test('a sender slower than the idle time is cut, in its body and in its headers', async () => {
  const own = await startRig({ idleTimeoutMs: 1000 })
  const dribble = async (start: string) => {
    const line = await dial(own)
    line.socket.write(start)
    const timer = setInterval(() => line.socket.write('a'), 200)
    await line.closes().finally(() => clearInterval(timer))
  }
  try {
    await Promise.all([dribble(`${HEAD}Content-Length: 100000\r\n\r\n`), dribble(`${HEAD}X: `)])
    expect(own.offered).toEqual([])
    expect(turnedAway(own)).toEqual({ '408': 1 })
  } finally {
    await own.stop()
  }
}, 60_000)

function residentMb(): number {
  Bun.gc(true)
  return process.memoryUsage().rss / 1e6
}

const BOMB_BYTES = 100 << 20

test.each([
  ['gzip', gzipSync(Buffer.alloc(BOMB_BYTES))],
  ['zstd', zstdCompressSync(Buffer.alloc(BOMB_BYTES))],
] as const)('%s bombs, many at once: 413, and memory stays within four limits', async (coding, bomb) => {
  const before = residentMb()
  const send = () =>
    fetch(`${rig.url}/v1/traces`, {
      method: 'POST',
      body: bomb as Uint8Array<ArrayBuffer>,
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': coding },
    })
  for (let round = 0; round < 5; round++) {
    const responses = await Promise.all(Array.from({ length: 20 }, send))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([413]))
  }
  // One bomb unpacked would be 100 MB.
  expect(residentMb() - before).toBeLessThan(60)
})

test('a zstd frame that asks for a window of 128 MB is refused by its header', async () => {
  // Magic, a descriptor without sizes, windowLog 27, and one empty last block.
  const greedy = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00])
  expect(await unpack('zstd', greedy, 1 << 20)).toEqual({ kind: 'too-large' })
  const modest = Buffer.from(greedy)
  modest[5] = (20 - 10) << 3
  expect(await unpack('zstd', modest, 1 << 20)).toEqual({ kind: 'unpacked', body: new Uint8Array(0) })
  expect(await unpack('zstd', Buffer.concat([modest, greedy]), 1 << 20)).toEqual({ kind: 'too-large' })
})

test('failed unpacking leaks nothing', async () => {
  const packed = gzipSync(Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 251)))
  const frames = zstdCompressSync(Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 251)))
  const bad = async () => {
    expect((await unpack('gzip', packed.subarray(0, -10), 1 << 20)).kind).toBe('corrupt')
    expect((await unpack('zstd', frames.subarray(0, -2), 1 << 20)).kind).toBe('corrupt')
    expect((await unpack('deflate', packed, 1 << 20)).kind).toBe('corrupt')
  }
  for (let i = 0; i < 500; i++) await bad()
  const before = residentMb()
  for (let i = 0; i < 2000; i++) await bad()
  // node:zlib's synchronous form would leave 70 MB behind.
  expect(residentMb() - before).toBeLessThan(20)
})
