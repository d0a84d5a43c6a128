// Goal: health is 200 and nothing else; what a server says instead is told, and one that never ends its answer, or
// sends no end of bytes, does not hold us. Method: real sockets that answer what the test says.
import { afterEach, expect, test } from 'bun:test'
import { ask, isHealthy, isRegistered, zookeeperServes } from '../../../src/brokers/pulsar/pulsar-ask.ts'

let server: { port: number; stop(closeAll: boolean): void } | null = null
afterEach(() => {
  server?.stop(true)
  server = null
})
const limit = () => AbortSignal.timeout(20_000)

/** Serves one answer, then closes; `heard` has what came. */
function answering(text: string, close = true): { port: number; heard: string[] } {
  const heard: string[] = []
  server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, chunk) {
        heard.push(chunk.toString())
        socket.write(text)
        if (close) socket.end()
      },
    },
  })
  return { port: server.port, heard }
}

test('200 is healthy; the token goes along where there is one', async () => {
  const { port, heard } = answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  expect(await isHealthy(port, null, limit())).toBe(true)
  expect(heard[0]).toStartWith('GET /admin/v2/brokers/health HTTP/1.0\r\n')
  expect(heard[0]).not.toContain('Authorization')
  expect(await isHealthy(port, 'a.b.c', limit())).toBe(true)
  expect(heard[1]).toContain('\r\nAuthorization: Bearer a.b.c\r\n')
})

test('another status is told with what the broker says, without the rest of its trace', async () => {
  const { port } = answering('HTTP/1.1 500 No\r\nX: y\r\n\r\njava.lang.Timeout: late\n\tat x.y')
  await expect(isHealthy(port, null, limit())).rejects.toThrow(/got 500 java.lang.Timeout: late$/)
})

test('what is no HTTP is not healthy', async () => {
  const { port } = answering('imok')
  await expect(isHealthy(port, null, limit())).rejects.toThrow('got none')
})

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n'

test('ZooKeeper is asked whether it serves', async () => {
  expect(await zookeeperServes(answering('Zookeeper version: 3\nMode: standalone\n').port, limit())).toBe(
    true,
  )
  server!.stop(true)
  expect(await zookeeperServes(answering(NOT_SERVING).port, limit())).toBe(false)
})

test('a registration is a whole line; an answer without sessions says nothing of it', async () => {
  const dump = 'Sessions with Ephemerals (1):\n0x1:\n\t/ledgers/available/127.0.0.1:31811\n'
  const { port } = answering(dump)
  expect(await isRegistered(port, '/ledgers/available/127.0.0.1:31811', limit())).toBe(true)
  expect(await isRegistered(port, '/ledgers/available/127.0.0.1:3181', limit())).toBe(false)
  server!.stop(true)
  const silent = answering(NOT_SERVING)
  await expect(isRegistered(silent.port, '/ledgers/x', limit())).rejects.toThrow('not currently serving')
})

test('an abort ends the wait for an answer that does not end', async () => {
  const { port } = answering('HTTP/1.1 200', false)
  const abort = new AbortController()
  const answer = ask(port, 'x', abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 20)
  await expect(answer).rejects.toThrow('enough')
})

test('nobody there: an error, no hang', async () => {
  const { port } = answering('')
  server!.stop(true)
  await expect(ask(port, 'x', limit())).rejects.toThrow()
})
