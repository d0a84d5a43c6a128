// Goal: what passes the proxy is what was sent, whatever it does to the bytes; what it shall do it does, both ways
// apart, and it holds little. Method: the real process between sockets of this test.
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { once } from 'node:events'
import fc from 'fast-check'
import { CLEAR } from '../../src/proxy/condition.ts'
import { type NetworkProxy, startProxy } from '../../src/proxy/proxy-process.ts'
import { pollUntil } from '../support/poll.ts'
import { breakOf, condition, dial, type Listener, listen, readAll, sendAll } from './talk.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

let proxy: NetworkProxy
let server: Listener
let front: string
beforeAll(async () => {
  proxy = startProxy()
  server = await listen()
  front = await proxy.open(server.address)
})
beforeEach(() => proxy.change(front, CLEAR))
afterAll(async () => {
  server.close()
  await proxy.end()
})

async function connected() {
  const [client, remote] = await Promise.all([dial(front), server.next()])
  return { client, remote }
}

function numbered(bytes: number, seed: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  for (let i = 0; i < bytes; i++) buffer[i] = (i * 31 + (i >>> 8) * 7 + seed) & 0xff
  return buffer
}

test('every byte comes, in order, both ways at once, in pieces of any size, while conditions change', async () => {
  const conditions = fc.constantFrom(
    CLEAR,
    condition({ delayMs: 3, jitterMs: 2 }),
    condition({ bytesPerS: 20_000_000 }),
    condition({ delayMs: 5 }, { delayMs: 1, jitterMs: 1, bytesPerS: 50_000_000 }),
    condition({ blackHole: true }, {}),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(sizes, sizes, fc.array(conditions, { maxLength: 4 }), async (up, down, changes) => {
      await proxy.change(front, CLEAR)
      const { client, remote } = await connected()
      const out = up.map(numbered)
      const back = down.map((size, i) => numbered(size, i + 100))
      const gotUp = readAll(remote)
      const gotDown = readAll(client)
      const sent = Promise.all([sendAll(client, out), sendAll(remote, back)])
      for (const change of changes) {
        await proxy.change(front, change)
        await Bun.sleep(2)
      }
      await proxy.change(front, CLEAR)
      expect((await gotUp).equals(Buffer.concat(out))).toBe(true)
      expect((await gotDown).equals(Buffer.concat(back))).toBe(true)
      await sent
    }),
    { numRuns: 25, seed: 8 },
  )
  await pollUntil('no connection left', 10_000, async () => {
    const { connections, heldBytes } = await proxy.figures()
    return connections === 0 && heldBytes === 0
  })
})

test('one direction may end while the other goes on', async () => {
  for (const each of [CLEAR, condition({ delayMs: 5 })]) {
    await proxy.change(front, each)
    const { client, remote } = await connected()
    const request = readAll(remote)
    const answer = readAll(client)
    client.end('the whole question')
    expect((await request).toString()).toBe('the whole question')
    remote.write('an answer')
    await Bun.sleep(10)
    remote.end(', and its end')
    expect((await answer).toString()).toBe('an answer, and its end')
  }
})

test('a connection that breaks on one end breaks on the other', async () => {
  for (const end of ['client', 'remote'] as const) {
    const pair = await connected()
    const other = end === 'client' ? pair.remote : pair.client
    const broken = once(other, 'error')
    other.resume()
    pair[end].resetAndDestroy()
    expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' })
  }
})

test('a server that is not there: the client is told by a break', async () => {
  const gone = await listen()
  const leadsNowhere = await proxy.open(gone.address)
  gone.close()
  expect(await breakOf(leadsNowhere)).toBe('ECONNRESET')
})

test('reset: connections break on both ends, new ones too, until it is over', async () => {
  const { client, remote } = await connected()
  const breaks = Promise.all([once(client, 'error'), once(remote, 'error')])
  client.resume()
  remote.resume()
  await proxy.change(front, condition({}, {}, true))
  for (const [error] of await breaks) expect(error).toMatchObject({ code: 'ECONNRESET' })
  const before = server.accepted
  expect(await breakOf(front)).toBe('ECONNRESET')
  expect(server.accepted).toBe(before)
  await proxy.change(front, CLEAR)
  const again = await connected()
  const echoed = readAll(again.remote)
  again.client.end('there again')
  expect((await echoed).toString()).toBe('there again')
})

/** How long single messages take to the server and to the client, ms. */
async function ways(rounds: number): Promise<{ up: number[]; down: number[] }> {
  const { client, remote } = await connected()
  client.setNoDelay(true)
  remote.setNoDelay(true)
  const up: number[] = []
  const down: number[] = []
  for (let i = 0; i < rounds; i++) {
    let sinceNs = Bun.nanoseconds()
    client.write('u')
    await once(remote, 'data')
    up.push((Bun.nanoseconds() - sinceNs) / 1e6)
    sinceNs = Bun.nanoseconds()
    remote.write('d')
    await once(client, 'data')
    down.push((Bun.nanoseconds() - sinceNs) / 1e6)
  }
  client.destroy()
  return { up, down }
}

test('a delay holds for its direction alone: never less, and nothing of it for the other', async () => {
  await proxy.change(front, condition({ delayMs: 30 }, {}))
  const { up, down } = await ways(20)
  expect(Math.min(...up)).toBeGreaterThanOrEqual(30)
  // Half of them at least, however busy the machine is.
  expect(down.sort((a, b) => a - b)[10]!).toBeLessThan(30)
})

test('jitter changes when bytes come, never their order', async () => {
  await proxy.change(front, condition({ delayMs: 10, jitterMs: 10 }))
  const { client, remote } = await connected()
  const got = readAll(remote)
  const parts = Array.from({ length: 60 }, (_, i) => numbered(37, i))
  for (const part of parts) {
    client.write(part)
    await Bun.sleep(1)
  }
  client.end()
  expect((await got).equals(Buffer.concat(parts))).toBe(true)
})

test('a bandwidth is shared by all connections of the port', async () => {
  await proxy.change(front, condition({ bytesPerS: 1_000_000 }, {}))
  const sinceNs = Bun.nanoseconds()
  await Promise.all(
    [1, 2].map(async (seed) => {
      const { client, remote } = await connected()
      const got = readAll(remote)
      await sendAll(client, [numbered(250_000, seed)])
      expect((await got).length).toBe(250_000)
    }),
  )
  // 500,000 bytes at 1,000,000 a second: faster would be wrong, slower is a busy machine.
  expect((Bun.nanoseconds() - sinceNs) / 1e9).toBeGreaterThan(0.48)
})

test('a black hole lets nothing through and tells nobody; it holds little, the sender waits, and all comes after it', async () => {
  const { client, remote } = await connected()
  const ready = once(remote, 'data')
  client.write('ready')
  await ready
  await proxy.change(front, condition({ blackHole: true }, {}))
  let received = 0
  remote.on('data', (part) => {
    received += part.length
  })
  const total = 128 * 1024 * 1024
  const sent = sendAll(
    client,
    Array.from({ length: 128 }, (_, i) => numbered(1024 * 1024, i)),
  )
  let settled = false
  void sent.then(() => {
    settled = true
  })
  const before = await proxy.figures()
  await Bun.sleep(1000)
  const during = await proxy.figures()
  expect(received).toBe(0)
  expect(settled).toBe(false)
  expect(during.heldBytes).toBeLessThan(8 * 1024 * 1024)
  expect(during.rssBytes - before.rssBytes).toBeLessThan(96 * 1024 * 1024)
  // The other way is open.
  const word = once(client, 'data')
  remote.write('still here')
  expect(String((await word)[0])).toBe('still here')
  // Nobody connects through it.
  const accepted = server.accepted
  const waiting = await dial(front)
  waiting.write('hello')
  await Bun.sleep(200)
  expect(server.accepted).toBe(accepted)
  await proxy.change(front, CLEAR)
  const late = await server.next()
  expect(String((await once(late, 'data'))[0])).toBe('hello')
  await pollUntil('all of it to come', 30_000, () => received === total)
  await sent
  client.destroy()
  waiting.destroy()
})

test('what one connection has under way is bounded while its receiver does not read', async () => {
  const { client, remote } = await connected()
  remote.pause()
  void sendAll(
    client,
    Array.from({ length: 64 }, (_, i) => numbered(1024 * 1024, i)),
  )
  await Bun.sleep(500)
  expect((await proxy.figures()).heldBytes).toBeLessThan(8 * 1024 * 1024)
  client.destroy()
  remote.destroy()
})

test('a thousand connections at once', async () => {
  await proxy.change(front, condition({ delayMs: 20 }))
  const answers = Array.from({ length: 1000 }, async (_, i) => {
    const client = await dial(front)
    const answer = readAll(client)
    client.end(`question ${i}`)
    return (await answer).toString()
  })
  for (let i = 0; i < 1000; i++) {
    const remote = await server.next()
    void readAll(remote).then((question) => remote.end(`${question}!`))
  }
  const all = await Promise.all(answers)
  expect(all).toEqual(Array.from({ length: 1000 }, (_, i) => `question ${i}!`))
})
