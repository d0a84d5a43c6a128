// Goal: messages are gathered into requests by count, size and time, never more under way or held than is allowed.
// Method: a server that holds its answers until it is told; what it was sent is read back from the wire.
import { afterEach, expect, test } from 'bun:test'
import { createRecordReader } from '../../../src/otlp/records.ts'
import { offer, openDriver, scriptedHttp, until } from './rig.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Requests as lists of their messages; answers wait for `release`. */
async function heldServer(settings: Readonly<Record<string, unknown>>) {
  const requests: string[][] = []
  const waiting: (() => void)[] = []
  const query = { signal: 'logs', messageAttribute: null, attributes: ['bench.key'] } as const
  const keys: (string | null)[] = []
  const server = scriptedHttp((body) => {
    if (body.length === 0) return new Response(null)
    const messages: string[] = []
    createRecordReader(query).read(body, (record) => {
      messages.push(Buffer.from(record.message()!).toString())
      keys.push(record.text(0))
    })
    requests.push(messages)
    return new Promise((resolve) => waiting.push(() => resolve(new Response(null))))
  })
  stops.push(server.stop)
  const driver = await openDriver([server.server], settings)
  stops.push(driver.close)
  const release = () => {
    for (const answer of waiting.splice(0)) answer()
  }
  return { ...(await driver.producer()), requests, keys, release }
}

const DAY_MS = 60_000

test('by count; the rest lingers until it is flushed', async () => {
  const { producer, requests, settled, release } = await heldServer({ batchMessages: 4, lingerMs: DAY_MS })
  expect(offer(producer, 0, 10)).toBe(10)
  await until('two requests', () => requests.length === 2)
  producer.flush()
  await until('the rest', () => requests.length === 3)
  expect(requests.map((request) => request.length).toSorted()).toEqual([2, 4, 4])
  release()
  await until('all settled', () => settled.length === 3)
  expect(settled.reduce((sum, { count }) => sum + count, 0)).toBe(10)
})

test('by size', async () => {
  const { producer, requests } = await heldServer({ batchBytes: 300, lingerMs: DAY_MS })
  const values = Array.from({ length: 5 }, () => Buffer.alloc(100, 'x'))
  expect(producer.send({ firstSequence: 0, count: 5, partition: -1, values, keys: null })).toBe(5)
  await until('a full request', () => requests.length === 1)
  expect(requests[0]).toHaveLength(3)
})

test('a message that fits no request is rejected, after send', async () => {
  const { producer, settled } = await heldServer({ batchBytes: 300 })
  const values = [Buffer.alloc(301)]
  expect(producer.send({ firstSequence: 5, count: 1, partition: -1, values, keys: null })).toBe(1)
  expect(settled).toEqual([])
  await until('a settlement', () => settled.length === 1)
  expect(settled).toEqual([{ first: 5, count: 1, outcome: 'rejected', reason: 'message too large' }])
})

test('by time, and while all connections are busy what lingers grows', async () => {
  const { producer, requests, release } = await heldServer({ connections: 1, lingerMs: 1 })
  offer(producer, 0, 3)
  await until('the linger to end', () => requests.length === 1)
  for (let i = 3; i < 20; i++) offer(producer, i, 1)
  release()
  await until('one more request', () => requests.length === 2)
  expect(requests.map((request) => request.length)).toEqual([3, 17])
})

test('no more requests under way than connections, no more messages held than allowed', async () => {
  const settings = { connections: 2, batchMessages: 5, maxPendingMessages: 20 }
  const { producer, requests, writableCalls, settled, release } = await heldServer(settings)
  expect(offer(producer, 0, 50)).toBe(20)
  await until('two requests', () => requests.length === 2)
  expect(offer(producer, 20, 1)).toBe(0)
  expect(writableCalls()).toBe(0)
  release()
  await until('room', () => writableCalls() > 0)
  await until('two more requests', () => requests.length === 4)
  release()
  await until('all settled', () => settled.length === 4)
  expect(offer(producer, 20, 20)).toBe(20)
})

test('keys travel with their messages, and a gap in the sequence begins a new request', async () => {
  const { producer, requests, keys } = await heldServer({ lingerMs: DAY_MS })
  offer(producer, 0, 2, ['a', 'b'])
  offer(producer, 7, 2)
  producer.flush()
  await until('two requests', () => requests.length === 2)
  expect(requests.toSorted()).toEqual([
    ['m0', 'm1'],
    ['m7', 'm8'],
  ])
  expect(keys.toSorted()).toEqual(['a', 'b', null, null])
})

test('close settles as unknown what is never answered', async () => {
  const { producer, requests, settled } = await heldServer({ connections: 1, batchMessages: 5 })
  offer(producer, 0, 12)
  await until('a request', () => requests.length === 1)
  await producer.close(AbortSignal.timeout(20))
  expect(settled.toSorted((a, b) => a.first - b.first)).toEqual(
    [0, 5, 10].map((first) => ({
      first,
      count: first === 10 ? 2 : 5,
      outcome: 'unknown',
      reason: 'closed',
    })),
  )
})
