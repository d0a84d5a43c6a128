// Goal: the local gateway comes up on loopback with its settings told, can be killed, halted and restarted, and goes down
// leaving only its log; a cluster is three of them. Method: the real process, its endpoints, and its entry in the process table.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { isAlive } from '../../../src/brokers/process/index.ts'
import { processUsage } from '../../../src/brokers/process/usage.ts'
import { otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { driverModule } from '../../../src/drivers/otlp/otlp-driver.ts'
import { type LocalGateway, localGateway, UP_LIMIT_MS } from './local-gateway.ts'

let gateway: LocalGateway
beforeAll(async () => {
  gateway = await localGateway()
}, UP_LIMIT_MS)
afterAll(() => gateway?.down(), UP_LIMIT_MS)

const limit = () => AbortSignal.timeout(30_000)

async function isReady(): Promise<boolean> {
  const url = `http://127.0.0.1:${gateway.broker.settings.GATEWAY_METRICS_HTTP_PORT}/ready`
  return await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    (answer) => answer.ok,
    () => false,
  )
}

test('it tells where it is, where the sink must be, and its settings', async () => {
  const { servers, settings, version } = gateway.broker
  expect(servers.map((server) => server.replace(/\d+$/, ''))).toEqual([
    'http://127.0.0.1:',
    'grpc://127.0.0.1:',
    'sink+http://127.0.0.1:',
    'sink+grpc://127.0.0.1:',
  ])
  expect(new Set(servers.map((server) => server.split(':').at(-1))).size).toBe(4)
  expect(version).toMatch(/^\d+\.\d+/)
  expect(settings.GATEWAY_MASKING_RULES).toContain('mask-tenant-trace-span|')
  expect(settings.GATEWAY_MASKING_RULES).toContain('mask-tenant-log-record|')
  expect(settings.GATEWAY_BIND_ADDRESS).toBe('127.0.0.1')
  expect(await isReady()).toBe(true)
})

test('its process is the one that is measured, killed, halted and restarted', async () => {
  const [node] = gateway.broker.nodes
  const { pid } = node!
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('gateway/main.ts')
  expect(processUsage(pid)!.rssBytes).toBeGreaterThan(10_000_000)
  node!.stop()
  node!.continue()
  expect(await isReady()).toBe(true)
  await node!.kill()
  expect([isAlive(pid), await isReady()]).toEqual([false, false])
  await node!.restart(limit())
  expect(node!.pid).not.toBe(pid)
  expect(await isReady()).toBe(true)
})

test('a gateway of the user has no part in it', async () => {
  process.env.GATEWAY_HTTP_PORT = 'nonsense'
  try {
    await (await localGateway()).down()
  } finally {
    delete process.env.GATEWAY_HTTP_PORT
  }
})

test('settings that it refuses are quoted from its log', async () => {
  const failed = await localGateway({ environment: { GATEWAY_QUEUE_CAPACITY: 'many' } }).catch(
    (error) => error,
  )
  expect(failed.code).toBe('PREPARE')
  expect(failed.message).toContain('GATEWAY_QUEUE_CAPACITY')
})

test('a cluster is three gateways with one sink; the loss of one is the loss of a third', async () => {
  const cluster = await localGateway({}, 'cluster')
  try {
    const { broker } = cluster
    expect(broker.nodes.map(({ name }) => name)).toEqual(['otlp-1', 'otlp-2', 'otlp-3'])
    expect(new Set(broker.nodes.map(({ pid }) => pid)).size).toBe(3)
    const config = otlpConfigSchema.parse({ batchMessages: 1 })
    const driver = driverModule.create({ config, servers: broker.servers, namePrefix: 'test', log() {} })
    await driver.open(limit())
    await broker.nodes[1]!.kill()
    const outcomes: string[] = []
    const common = { topic: 'topic', partitions: 1, name: 'test' }
    const onSettled = (_first: number, _count: number, outcome: string) => outcomes.push(outcome)
    const producer = await driver.createProducer({ ...common, onSettled, onWritable() {} }, limit())
    const values = Array.from({ length: 30 }, () => Buffer.from('message'))
    producer.send({ firstSequence: 0, count: 30, partition: -1, values, keys: null })
    await producer.close(limit())
    await driver.close(limit())
    expect(outcomes.filter((outcome) => outcome === 'acknowledged').length).toBeGreaterThanOrEqual(10)
    expect(outcomes.filter((outcome) => outcome === 'rejected').length).toBeGreaterThan(0)
  } finally {
    await cluster.down()
  }
})

test('it goes down, and leaves its log', async () => {
  const { pid, logFile } = gateway.broker.nodes[0]!
  await gateway.broker.down()
  await gateway.broker.down()
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(logFile)).toBe(true)
})
