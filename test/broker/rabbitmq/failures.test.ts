// Goal: bad input and broken brokers end in clear errors or in counted outcomes, never in a hang or a silent loss.
// Method: a real broker with users of few rights and a TLS listener; its process is stopped, killed and restarted.
import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rabbitmqProvider } from '../../../src/brokers/rabbitmq/rabbitmq-provider.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { testCertificate } from '../../support/certificate.ts'
import { testBroker } from './support/broker.ts'
import {
  createDriver,
  limit,
  makeTopic,
  openConsumer,
  openDriver,
  openProducer,
  steady,
  until,
} from './support/client.ts'

const certificate = testCertificate()
const broker = testBroker({
  extra: {
    users: [
      { name: 'reader', password: 'r', permissions: [{ configure: '^$', write: '^$', read: '.*' }] },
      { name: 'blind', password: 'b', permissions: [{ read: '^$' }] },
      { name: 'outsider', password: 'o', permissions: [] },
    ],
    ...(certificate && { tls: certificate }),
  },
})

async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => null,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

test('nobody listens: fails at once, naming host and port', async () => {
  const error = await failureOf(createDriver(['127.0.0.1:1']).open(limit(15_000)))
  expect(error.code).toBe('PREPARE')
  expect(error.message).toContain('127.0.0.1:1')
  expect(error.message).toContain('ECONNREFUSED')
})

test('a port that answers nothing: fails within 15 s, naming host and port', async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(silent.address() as { port: number }).port}`
  const error = await failureOf(createDriver([address]).open(limit(15_000)))
  expect(error.message).toContain(address)
  silent.close()
})

test('a wrong password is said plainly, without the password', async () => {
  const driver = createDriver(broker.current.servers, { username: 'reader', password: 'wr0ng-secret' })
  const error = await failureOf(driver.open(limit(15_000)))
  expect(error.message).toContain("let user 'reader' in, got 403")
  expect(error.message).toContain(broker.current.servers[0] as string)
  expect(`${error.message}${error.hint}`).not.toContain('wr0ng-secret')
})

test('a user without the virtual host is told so', async () => {
  const driver = createDriver(broker.current.servers, { username: 'outsider', password: 'o' })
  expect((await failureOf(driver.open(limit(15_000)))).message).toContain("open to user 'outsider'")
})

test('forbidden resources are named: topic, publishing, reading', async () => {
  const owner = await openDriver(broker.current.servers)
  const topic = await makeTopic(owner)
  const reader = await openDriver(broker.current.servers, { username: 'reader', password: 'r' })
  const forbidden = await failureOf(makeTopic(reader))
  expect(forbidden.message).toMatch(
    /user 'reader' to be allowed to declare exchange 'topic-.*403 ACCESS_REFUSED/,
  )

  const producer = await openProducer(reader, topic)
  producer.send(5)
  await producer.settled()
  expect(producer.count('acknowledged')).toBe(0)
  expect(producer.reasons['access refused']).toBeGreaterThan(0)

  const blind = await openDriver(broker.current.servers, { username: 'blind', password: 'b' })
  const refused = await failureOf(openConsumer(blind, topic))
  expect(refused.message).toContain(`read queue '${topic.name}.sub.0'`)
  expect(refused.message).toContain('403')
  for (const driver of [owner, reader, blind]) await driver.close(limit())
})

test('a topic that was never made fails in createConsumer, naming the queue', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = { name: 'nowhere', partitions: 1, subscriptions: ['sub'] }
  expect((await failureOf(openConsumer(driver, topic))).message).toContain('nowhere.sub.0')
  await driver.close(limit())
})

test.skipIf(certificate === null)('TLS: a trusted authority comes in, an unknown one does not', async () => {
  const address = broker.current.settings['tls listener'] as string
  const driver = await openDriver([address], { tls: { ca: certificate!.ca } })
  const producer = await openProducer(driver, await makeTopic(driver))
  producer.send(20)
  await producer.settled()
  expect(producer.count('acknowledged')).toBe(20)
  await driver.close(limit())
  const error = await failureOf(createDriver([address], { tls: true }).open(limit(15_000)))
  expect(error.message).toContain(address)
})

test('waiting ends when the signal aborts', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = await makeTopic(driver)
  const aborted = AbortSignal.abort(new Error('enough'))
  await expect(createDriver(broker.current.servers).open(aborted)).rejects.toThrow('enough')
  await expect(driver.createTopics([{ ...topic, name: `${topic.name}x` }], aborted)).rejects.toThrow('enough')
  const producer = await openProducer(driver, topic)
  producer.send(100)
  await producer.producer.close(aborted)
  expect(producer.outcomes.size).toBe(100)
  await driver.close(aborted)
})

test('a stopped broker holds back, and goes on where it was', async () => {
  const driver = await openDriver(broker.current.servers, { maxUnconfirmed: 200 })
  const topic = await makeTopic(driver)
  const reader = await openConsumer(driver, topic)
  const producer = await openProducer(driver, topic)
  const node = broker.current.nodes[0]!
  node.stop()
  for (let i = 0; i < 10; i++) producer.send(50)
  expect(producer.sent()).toBe(200)
  await steady(() => producer.outcomes.size)
  expect(producer.outcomes.size).toBe(0)
  node.continue()
  await producer.settled()
  expect(producer.count('acknowledged')).toBe(200)
  await until('200 messages', () => reader.received.length >= 200)
  expect(await steady(() => reader.received.length)).toBe(200)
  expect(reader.errors).toEqual([])
  await driver.close(limit())
})

test('a broker that hangs is given up after two heartbeats: unknown, and a kind that says so', async () => {
  const driver = await openDriver(broker.current.servers, { heartbeatS: 1 })
  const topic = await makeTopic(driver)
  const reader = await openConsumer(driver, topic)
  const producer = await openProducer(driver, topic)
  const node = broker.current.nodes[0]!
  node.stop()
  producer.send(10)
  await until('unknown outcomes', () => producer.count('unknown') === 10, 15_000)
  await until('the consumer to be told', () => reader.errors.length > 0, 15_000)
  expect(producer.reasons).toEqual({ 'heartbeat timeout': 10 })
  node.continue()
  await until('a new channel', () => producer.send(1) === 1)
  await until('a confirm', () => producer.count('acknowledged') === 1)
  await driver.close(limit())
})

test('a killed broker: outcomes are unknown, producers and consumers come back with it, nothing confirmed is lost', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = await makeTopic(driver, 2)
  const reader = await openConsumer(driver, topic)
  const producer = await openProducer(driver, topic)
  const node = broker.current.nodes[0]!
  const pidBefore = node.pid
  let killed: Promise<void> | null = null
  for (let i = 0; i < 400; i++) {
    producer.send(20, { partition: i % 2, sizeBytes: 1024 })
    if (i === 60) killed = node.kill()
    if (i % 4 === 0) await Bun.sleep(1)
  }
  await killed
  await producer.settled()
  expect(producer.count('unknown')).toBeGreaterThan(0)
  expect(producer.count('acknowledged')).toBeGreaterThan(0)
  await node.restart(limit(60_000))
  expect(node.pid).not.toBe(pidBefore)
  await until('a new channel', () => producer.send(10) > 0)
  await producer.settled()
  const confirmed = [...producer.outcomes].filter(([, outcome]) => outcome === 'acknowledged').map(([i]) => i)
  const got = () => new Set(reader.received.map(({ number }) => number))
  await until('every confirmed message', () => confirmed.every((i) => got().has(i)))
  expect(reader.errors.length).toBeGreaterThan(0)
  await driver.close(limit())
})

test('a port that is taken is said plainly, and nothing is left behind', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  const directory = mkdtempSync(join(tmpdir(), 'bench-rabbitmq-taken-'))
  const options = { topology: 'single', profile: 'quick', directory, log: () => undefined } as const
  const error = await failureOf(rabbitmqProvider.up({ ...options, extra: { port } }, limit(60_000)))
  expect(error.message).toContain(String(port))
  expect(error.message).toContain('taken')
  expect(existsSync(join(directory, 'rabbitmq-1'))).toBe(false)
  expect(existsSync(join(directory, 'logs', 'rabbitmq-1.log'))).toBe(true)
  taken.close()
  rmSync(directory, { recursive: true })
})

test('a broker that cannot start quotes the end of its log', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-rabbitmq-crash-'))
  const options = { topology: 'single', profile: 'quick', directory, log: () => undefined } as const
  const extra = { configuration: ['no.such.setting = 1'] }
  const error = await failureOf(rabbitmqProvider.up({ ...options, extra }, limit(60_000)))
  expect(error.code).toBe('PREPARE')
  expect(error.message).toContain('no.such.setting')
  expect(error.hint).toContain('rabbitmq-1.log')
  rmSync(directory, { recursive: true, force: true })
})
