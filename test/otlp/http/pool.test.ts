// Goal: closing a pool leaves nothing open and nobody waiting, whatever was lent, waited for or being opened.
// Method: the real pool over scripted connections.
import { expect, test } from 'bun:test'
import { createPool } from '../../../src/otlp/http/pool.ts'

interface Scripted {
  isOpen: boolean
}

function setUp(maxConnections: number) {
  const made: Scripted[] = []
  let opened = Promise.resolve()
  const pool = createPool<Scripted>({
    maxConnections,
    async open() {
      await opened
      const connection = { isOpen: true }
      made.push(connection)
      return connection
    },
    isUsable: ({ isOpen }) => isOpen,
    destroy(connection) {
      connection.isOpen = false
    },
  })
  return { pool, made, delay: (until: Promise<void>) => (opened = until) }
}

test('lent and idle connections are closed, and none is lent again', async () => {
  const { pool, made } = setUp(2)
  const lent = await pool.acquire()
  pool.release(await pool.acquire())
  pool.close()
  expect(made.map(({ isOpen }) => isOpen)).toEqual([false, false])
  pool.release(lent)
  expect(pool.size()).toBe(0)
  await expect(Promise.resolve(pool.acquire())).rejects.toThrow('closed')
})

test('who waits is told', async () => {
  const { pool } = setUp(1)
  await pool.acquire()
  const waiting = Promise.resolve(pool.acquire())
  pool.close()
  await expect(waiting).rejects.toThrow('closed')
})

test('a connection that comes up too late is closed', async () => {
  const { pool, made, delay } = setUp(1)
  const gate = Promise.withResolvers<void>()
  delay(gate.promise)
  const late = Promise.resolve(pool.acquire())
  pool.close()
  gate.resolve()
  await expect(late).rejects.toThrow('closed')
  expect([made.map(({ isOpen }) => isOpen), pool.size()]).toEqual([[false], 0])
})

test('a lent connection that broke makes room for who waits', async () => {
  const { pool, made } = setUp(1)
  const first = await pool.acquire()
  const waiting = pool.acquire()
  first.isOpen = false
  pool.release(first)
  expect((await waiting).isOpen).toBe(true)
  expect([made.length, pool.size()]).toEqual([2, 1])
})
