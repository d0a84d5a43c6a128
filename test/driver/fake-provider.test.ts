// Goal: the fake can be started and reached like a real broker, survives kill -9 and restart as a broker node should,
// and leaves no process behind. Method: the real provider with its child process, reached through the driver entry.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fakeProvider } from '../../src/brokers/fake/fake-provider.ts'
import type { Driver, Outcome } from '../../src/driver/driver.ts'
import { fakeEntry } from '../../src/drivers/fake/fake-entry.ts'

const directory = mkdtempSync(join(tmpdir(), 'bench-fake-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const signal = new AbortController().signal
const options = { topology: 'single', profile: 'quick', directory, log() {} } as const
const LIMIT_MS = 5000

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < LIMIT_MS / 5 && !condition(); i++) await Bun.sleep(5)
  if (!condition()) throw new Error(`expected ${what}, waited in vain`)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function createDriver(servers: readonly string[]): Promise<Driver> {
  const module = await fakeEntry.load()
  return module.create({ config: fakeEntry.configSchema.parse({}), servers, namePrefix: 't', log() {} })
}

test('starts, serves, is killed, comes back and goes', async () => {
  const broker = await fakeProvider.up(options, signal)
  const node = broker.nodes[0]!
  const driver = await createDriver(broker.servers)
  await driver.open(signal)
  const topic = { name: 't', partitions: 2, subscriptions: ['s'] }
  await driver.createTopics([topic], signal)
  const errors: string[] = []
  await driver.createConsumer(
    {
      topic: 't',
      partitions: 2,
      subscription: 's',
      name: 'c',
      startAt: 'latest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch() {},
      onError: (kind) => errors.push(kind),
    },
    signal,
  )
  const outcomes: [Outcome, string | undefined][] = []
  const producer = await driver.createProducer(
    {
      topic: 't',
      partitions: 2,
      name: 'p',
      onSettled: (_first, count, outcome, reason) => {
        for (let i = 0; i < count; i++) outcomes.push([outcome, reason])
      },
      onWritable() {},
    },
    signal,
  )
  const send = (firstSequence: number) =>
    producer.send({ firstSequence, count: 1, partition: 0, values: [Buffer.from('x')], keys: null })

  send(0)
  await until('an acknowledgement', () => outcomes.length === 1)
  node.stop()
  send(1)
  await node.kill()
  await until('an unknown outcome', () => outcomes.length === 2)
  await until('an error at the consumer', () => errors.length === 1)
  send(2)
  await until('a rejection', () => outcomes.length === 3)
  expect(outcomes).toEqual([
    ['acknowledged', undefined],
    ['unknown', 'connection lost'],
    ['rejected', 'connection lost'],
  ])
  expect(errors).toEqual(['connection lost'])
  await producer.close(signal)
  await driver.close(signal)

  await node.restart(signal)
  const again = await createDriver(broker.servers)
  await again.open(signal)
  await again.createTopics([topic], signal)
  await again.close(signal)
  const { pid } = node
  await broker.down()
  await broker.down()
  expect(isAlive(pid)).toBe(false)
})

test('ends when its parent is killed', async () => {
  const fixture = fileURLToPath(new URL('./orphan-fixture.ts', import.meta.url))
  const parent = Bun.spawn([process.execPath, fixture, directory], { stdout: 'pipe' })
  const { value } = await parent.stdout.getReader().read()
  const pid = Number(Buffer.from(value!).toString())
  process.kill(pid, 0)
  parent.kill('SIGKILL')
  await until('the server to end with its parent', () => !isAlive(pid))
})

test('names host and port when nobody answers', async () => {
  const driver = await createDriver(['127.0.0.1:1'])
  await expect(driver.open(signal)).rejects.toThrow('127.0.0.1:1')
})

test('refuses a cluster', async () => {
  await expect(fakeProvider.up({ ...options, topology: 'cluster' }, signal)).rejects.toThrow(
    'topology single',
  )
})
