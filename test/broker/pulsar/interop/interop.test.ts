// Goal: what the protocol's official Java client writes is read by ours with equal content, and the other way round, in
// every compression and batching mode; keys go where the official client sends them; sequence ids mean the same.
// Method: one standalone broker and one process with the official client of its own distribution. In each case both
// clients read the topic, so that every field can be compared, and one of them wrote it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { installPulsar } from '../../../../src/brokers/pulsar/pulsar-install.ts'
import { type Client, createClient } from '../../../../src/drivers/pulsar/client/client.ts'
import { COMPRESSION, type Compression } from '../../../../src/drivers/pulsar/client/wire/metadata.ts'
import { serversOf } from '../conformance-subject.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from '../local-pulsar.ts'
import { LIMIT_MS, type Outgoing, type Row, read, readAll, sha256, until, write } from './bench-client.ts'
import {
  BATCHINGS,
  type Batching,
  expectBatching,
  expectSent,
  expectShared,
  hex,
  javaMessages,
  makePayloads,
  type Payloads,
} from './cases.ts'
import { type JavaClient, type JavaRow, javaWithCompiler, startJavaClient } from './java-client.ts'
import { pulsarPerf } from './perf-tool.ts'
import { deduplicatingNamespace, freshTopic, statsOf } from './topics.ts'

const NAMESPACE = 'public/default'
const COMPRESSIONS = Object.keys(COMPRESSION) as Compression[]

const java = await javaWithCompiler()
if (typeof java === 'string') console.warn(`SKIPPED: the official Java client needs ${java}`)
const interop = test.skipIf(typeof java === 'string')

let pulsar: LocalPulsar
/** Its admin interface. */
let web: string
let home: string
let client: Client
let official: JavaClient
let payloads: Payloads
const { BENCH_RUNTIME } = process.env

beforeAll(async () => {
  if (typeof java === 'string') return
  // The distribution's own libraries are needed here, whatever engine there is.
  process.env.BENCH_RUNTIME = 'native'
  pulsar = await localPulsar('single')
  web = serversOf(pulsar).find((server) => server.startsWith('http'))!
  home = (await installPulsar(() => {}, AbortSignal.timeout(UP_LIMIT_MS))).home
  client = createClient({ servers: pulsar.broker.servers })
  official = startJavaClient(java, home, pulsar.broker.servers[0]!)
  payloads = makePayloads(pulsar.directory)
}, UP_LIMIT_MS)

afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  client?.close()
  await official?.stop()
  await pulsar?.down()
}, UP_LIMIT_MS)

const makeTopic = (partitions: number, namespace = NAMESPACE) => freshTopic(web, partitions, namespace)

const ours = ({ batchSize, place, ...row }: JavaRow): Row => row

/** Both clients read the topic: their rows must be equal, in equal order within each partition. */
async function readByBoth(topic: string, partitions: number, count: number): Promise<JavaRow[]> {
  const [mine, theirs] = await Promise.all([
    readAll(client, topic, partitions, count),
    official.consume({ topic, subscription: 'java', count, quietMs: LIMIT_MS }),
  ])
  for (let partition = -1; partition < partitions; partition++) {
    const of = <T extends Row>(rows: T[]) => rows.filter((row) => row.partition === partition)
    expect(of(mine)).toEqual(of(theirs).map(ours))
  }
  expect(mine.length).toBe(count)
  return theirs
}

async function fromJava(compression: Compression, batching: Batching, partitions: number): Promise<void> {
  const topic = await makeTopic(partitions)
  const messages = javaMessages(payloads)
  await official.produce({ topic, compression, batching, messages })
  const rows = await readByBoth(topic, partitions, messages.length)
  expectBatching(rows, batching)
  expectSent(rows, messages, payloads)
}

async function fromOurs(compression: Compression, batching: Batching, partitions: number): Promise<void> {
  const topic = await makeTopic(partitions)
  const keys = batching === 'key' || partitions > 0 ? ['', 'a', 'kéy-😀', 'b'] : [null]
  const messages: Outgoing[] = keys.flatMap((key) =>
    [...payloads.values()].map(({ value }) => ({ value, key })),
  )
  const fromMs = Date.now()
  await write(client, topic, partitions, messages, { compression, batching })
  const rows = await readByBoth(topic, partitions, messages.length)
  expectBatching(rows, batching)
  const told = rows.map((row) => `${row.sha} ${row.key}`)
  const sent = messages.map(({ value, key }) => `${sha256(value)} ${key === null ? undefined : hex(key)}`)
  expect(told.sort()).toEqual(sent.sort())
  expect(rows.every(({ publishTimeMs }) => publishTimeMs >= fromMs && publishTimeMs <= Date.now())).toBe(true)
  for (let partition = -1; partition < partitions; partition++) {
    const ids = rows.filter((row) => row.partition === partition).map((row) => row.sequenceId)
    expect(ids).toEqual(ids.map((_, i) => i))
  }
}

const direction = { 'official → ours': fromJava, 'ours → official': fromOurs }
for (const [name, transfer] of Object.entries(direction)) {
  for (const batching of BATCHINGS) {
    interop(
      `${name}, batching ${batching}: every compression`,
      async () => {
        await Promise.all(COMPRESSIONS.map((compression) => transfer(compression, batching, 0)))
      },
      LIMIT_MS * 2,
    )
  }
  interop(
    `${name}, over 3 partitions`,
    async () => {
      await Promise.all(BATCHINGS.map((batching) => transfer('lz4', batching, 3)))
    },
    LIMIT_MS * 2,
  )
}

for (const [hashing, keyHash] of [
  ['JavaStringHash', undefined],
  ['Murmur3_32Hash', 'murmur3'],
] as const) {
  interop(
    `keys go to the partition that the official client chooses with ${hashing}`,
    async () => {
      const partitions = 7
      const topic = await makeTopic(partitions)
      const keys = [
        '',
        'a',
        'ключ',
        '😀',
        'x'.repeat(301),
        ...Array.from({ length: 60 }, (_, i) => `user-${i ** 3}`),
      ]
      await official.produce({ topic, hashing, messages: keys.map((key) => ({ key })) })
      const messages = keys.map((key) => ({ value: Buffer.from('ours'), key }))
      await write(client, topic, partitions, messages, keyHash === undefined ? {} : { keyHash })
      const rows = await readByBoth(topic, partitions, 2 * keys.length)
      const places = (bytes: number) =>
        rows
          .filter((row) => row.bytes === bytes)
          .map((row) => `${row.key} ${row.partition}`)
          .sort()
      expect(places(4)).toEqual(places(0))
      expect(new Set(rows.map((row) => row.partition)).size).toBe(partitions)
    },
    LIMIT_MS,
  )
}

const SHARED_KEYS = Array.from({ length: 40 }, (_, i) => `key-${i}`)
const SHARED_EACH = 25
const shared = Array.from({ length: SHARED_EACH }, () => SHARED_KEYS).flat()

interop(
  'key-shared: batches of one key by the official client are divided between two of our consumers',
  async () => {
    const topic = await makeTopic(0)
    const settings = { type: 'key_shared', subscription: 's' } as const
    const one = await read(client, topic, 0, { ...settings, name: 'one' })
    const two = await read(client, topic, 0, { ...settings, name: 'two' })
    await official.produce({ topic, batching: 'key', messages: shared.map((key) => ({ key })) })
    await until('all messages', () => one.rows.length + two.rows.length >= shared.length)
    await Promise.all([one.close(), two.close()])
    expectShared(one.rows, two.rows, SHARED_KEYS, SHARED_EACH)
  },
  LIMIT_MS,
)

interop(
  'key-shared: our batches of one key are divided between two official consumers',
  async () => {
    const topic = await makeTopic(0)
    const settings = { topic, subscription: 's', type: 'Key_Shared', quietMs: 5000 }
    const consumed = Promise.all(['one', 'two'].map((name) => official.consume({ ...settings, name })))
    await until('both consumers', async () => (await statsOf(web, topic, 's'))?.consumers.length === 2)
    const messages = shared.map((key) => ({ value: Buffer.from('ours'), key }))
    await write(client, topic, 0, messages, { batching: 'key' })
    const [one, two] = await consumed
    expectBatching([...one!, ...two!], 'key')
    expectShared(one!, two!, SHARED_KEYS, SHARED_EACH)
  },
  LIMIT_MS,
)

interop(
  'with deduplication both clients carry on with the sequence ids of the other, and doubles are dropped',
  async () => {
    const topic = await makeTopic(0, await deduplicatingNamespace(web))
    const name = 'the-producer'
    const batch = (count: number) =>
      Array.from({ length: count }, () => ({ value: Buffer.from('ours'), key: null }))
    await write(client, topic, 0, batch(10), { name })
    // 10 … 14, and two of them again, which do not count.
    const sequenceIds = [10, 11, 12, 13, 14, 12, 14]
    const messages = sequenceIds.map((sequenceId) => ({ sequenceId }))
    const produced = await official.produce({ topic, name, batching: 'none', messages })
    expect(produced.lastSequenceId).toBe(9)
    await write(client, topic, 0, batch(5), { name })
    const rows = await readByBoth(topic, 0, 20)
    expect(rows.map((row) => row.sequenceId)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  },
  LIMIT_MS,
)

interop(
  'chunked messages of the official client arrive whole, and all their parts are acknowledged',
  async () => {
    const topic = await makeTopic(0)
    // Fewer than a message has parts.
    const reader = await read(client, topic, 0, { receiverQueue: 4 })
    for (const compression of COMPRESSIONS) {
      const messages = javaMessages(payloads)
      await official.produce({ topic, compression, batching: 'none', chunkBytes: 10_000, messages })
    }
    const count = javaMessages(payloads).length * COMPRESSIONS.length
    const theirs = await official.consume({ topic, subscription: 'java', count, quietMs: LIMIT_MS })
    await until('all messages', () => reader.rows.length >= count)
    expect(reader.rows).toEqual(theirs.map(ours))
    expect(reader.errors).toEqual([])
    await until('an empty backlog', async () => (await statsOf(web, topic, 'ours'))?.msgBacklog === 0)
    await reader.close()
  },
  LIMIT_MS * 2,
)

interop(
  'with cumulative acknowledgement the parts of a chunked message are reported, and what follows arrives',
  async () => {
    const topic = await makeTopic(0)
    const reader = await read(client, topic, 0, { receiverQueue: 4, ackMode: 'cumulative' })
    const file = [...payloads.values()].find(({ value }) => value.length > 100_000)!.file
    await official.produce({
      topic,
      batching: 'none',
      chunkBytes: 10_000,
      messages: [{ file }, { key: 'last' }],
    })
    await until('the last message', () => reader.rows.length > 0)
    expect(reader.rows.map((row) => row.key)).toEqual([hex('last')])
    expect(new Set(reader.errors)).toEqual(new Set(['protocol error']))
    await reader.close()
  },
  LIMIT_MS,
)

interop(
  'pulsar-perf produce → ours, and ours → pulsar-perf consume: every message is counted',
  async () => {
    if (typeof java === 'string') return
    const [theirs, mine] = [await makeTopic(0), await makeTopic(0)]
    const url = ['-u', `pulsar://${pulsar.broker.servers[0]}`, '-ioThreads', '1']
    const count = 20_000
    const size = 200
    const perf = (...args: string[]) => pulsarPerf(java, home, pulsar.directory, args)
    const reader = await read(client, theirs, 0)
    const values = Array.from({ length: count }, () => ({ value: Buffer.alloc(size, 'x'), key: null }))
    await write(client, mine, 0, values, { compression: 'lz4' })
    const consume = ['consume', ...url, '-ss', 's', '-sp', 'Earliest', '-m', String(count), mine]
    const produce = [
      'produce',
      ...url,
      '-s',
      String(size),
      '-r',
      '20000',
      '-m',
      String(count),
      '-threads',
      '1',
      theirs,
    ]
    const [received, sent] = await Promise.all([perf(...consume), perf(...produce)])
    expect(received).toBe(count)
    expect(sent).toBeGreaterThanOrEqual(count)
    await until(`${sent} messages`, () => reader.rows.length >= sent)
    await reader.close()
    expect(reader.rows.length).toBe(sent)
    expect(reader.rows.every((row) => row.bytes === size)).toBe(true)
  },
  LIMIT_MS * 2,
)
