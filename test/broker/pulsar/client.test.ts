// Goal: on a real broker the client keeps every acknowledged message when a topic is unloaded under load, and does what
// only a real broker can answer: every codec, negative acknowledgement, seek, termination, refusals.
// Method: one standalone; topics by the admin interface; every message's number is checked.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { Outcome } from '../../../src/driver/driver.ts'
import { type Client, createClient } from '../../../src/drivers/pulsar/client/client.ts'
import { connect } from '../../../src/drivers/pulsar/client/connection.ts'
import type { ConsumerOptions, ReceivedBatch } from '../../../src/drivers/pulsar/client/consumer-options.ts'
import { DEFAULT_CLIENT_OPTIONS } from '../../../src/drivers/pulsar/client/options.ts'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { COMPRESSION, type Compression } from '../../../src/drivers/pulsar/client/wire/metadata.ts'
import { ProtoWriter } from '../../../src/drivers/pulsar/client/wire/proto-writer.ts'
import { command } from '../../drivers/pulsar/scripted-broker.ts'
import { serversOf } from './conformance-subject.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'

const NAMESPACE = 'public/default'
const LIMIT_MS = 60_000
let pulsar: LocalPulsar
let client: Client
let web: string
const { BENCH_RUNTIME } = process.env
beforeAll(async () => {
  // A container keeps no data when it is killed.
  process.env.BENCH_RUNTIME = 'native'
  pulsar = await localPulsar('single')
  web = serversOf(pulsar).find((server) => server.startsWith('http'))!
  client = createClient({ servers: pulsar.broker.servers })
}, UP_LIMIT_MS)
afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  client?.close()
  await pulsar?.down()
}, UP_LIMIT_MS)

const signal = () => AbortSignal.timeout(LIMIT_MS)

async function admin(method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${web}/admin/v2/persistent/${NAMESPACE}/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
}

async function makeTopic(partitions: number): Promise<string> {
  const name = `client-${randomSuffix()}`
  await admin(
    'PUT',
    partitions === 0 ? name : `${name}/partitions`,
    partitions === 0 ? undefined : partitions,
  )
  return name
}

const full = (name: string) => `persistent://${NAMESPACE}/${name}`

async function until(what: string, condition: () => boolean): Promise<void> {
  const endMs = performance.now() + LIMIT_MS
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(5)
  }
}

async function producerOf(name: string, partitions: number, compression: Compression = 'none') {
  const outcomes = new Map<number, Outcome>()
  const reasons = new Set<string>()
  const producer = await client.createProducer(
    {
      topic: full(name),
      partitions,
      name: `producer-of-${name}`,
      compression,
      batching: 'default',
      batchMessages: 100,
      batchBytes: 131_072,
      batchDelayMs: 1,
      maxPendingMessages: 100_000,
      maxPendingBytes: 100_000_000,
      sendTimeoutMs: 120_000,
      onSettled(first, count, outcome, reason) {
        for (let i = first; i < first + count; i++) outcomes.set(i, outcome)
        if (reason !== undefined) reasons.add(reason)
      },
      onWritable() {},
    },
    signal(),
  )
  const send = (first: number, count: number) => {
    const values = Array.from({ length: count }, (_, i) =>
      Buffer.from(`number ${first + i} ${'x'.repeat(100)}`),
    )
    return producer.send({ firstSequence: first, count, partition: -1, values, keys: null })
  }
  return { producer, outcomes, reasons, send }
}

function consumerOf(name: string, partitions: number, settings: Partial<ConsumerOptions>) {
  const all = Array.from({ length: partitions }, (_, i) => i)
  return client.createConsumer(
    {
      topic: full(name),
      partitions: partitions === 0 ? null : all,
      subscription: 'sub',
      type: 'exclusive',
      name: 'c',
      startAt: 'earliest',
      receiverQueue: 1000,
      ackMode: 'individual',
      ackReceipts: false,
      ackGroupMessages: 1000,
      ackGroupMs: 20,
      nackDelayMs: 50,
      onBatch: () => {},
      onError: () => {},
      ...settings,
    },
    signal(),
  )
}

const numberIn = (batch: ReceivedBatch, index: number) =>
  Number(/^number (\d+) x{100}$/.exec(Buffer.from(batch.value(index)).toString())?.[1] ?? -1)

test(
  'every codec arrives as it was sent',
  async () => {
    for (const compression of Object.keys(COMPRESSION) as Compression[]) {
      const name = await makeTopic(0)
      const seen: number[] = []
      const consumer = await consumerOf(name, 0, {
        onBatch(batch) {
          for (let i = 0; i < batch.count; i++) seen.push(numberIn(batch, i))
          batch.acknowledge()
        },
      })
      const { producer, send } = await producerOf(name, 0, compression)
      send(0, 1000)
      await until(`1,000 messages with ${compression}`, () => seen.length >= 1000)
      expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i))
      await producer.close(signal())
      await consumer.close(signal())
    }
  },
  LIMIT_MS * 2,
)

test(
  'unloading a topic under load loses no acknowledged message, and the run goes on',
  async () => {
    const partitions = 2
    const name = await makeTopic(partitions)
    const seen = new Set<number>()
    const errors: string[] = []
    const consumer = await consumerOf(name, partitions, {
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) seen.add(numberIn(batch, i))
        batch.acknowledge()
      },
      onError: (kind) => errors.push(kind),
    })
    const { producer, outcomes, send } = await producerOf(name, partitions)
    let sent = 0
    // 10,000 msg/s in steps of 10 ms.
    const pump = setInterval(() => {
      sent += send(sent, 100)
    }, 10)
    try {
      for (let round = 0; round < 3; round++) {
        const before = outcomes.size
        await until('the run to go on', () => outcomes.size > before + 5000)
        await admin('PUT', `${name}-partition-${round % partitions}/unload`)
      }
      const before = outcomes.size
      await until('the run to go on', () => outcomes.size > before + 5000)
    } finally {
      clearInterval(pump)
    }
    await until('all to be settled', () => outcomes.size === sent)
    const acknowledged = [...outcomes].filter(([, outcome]) => outcome === 'acknowledged').map(([at]) => at)
    expect(acknowledged.length).toBe(sent)
    await until('all to be delivered', () => seen.size >= acknowledged.length)
    expect(acknowledged.filter((at) => !seen.has(at))).toEqual([])
    expect(errors.length).toBeGreaterThan(0)
    await producer.close(signal())
    await consumer.close(signal())
  },
  LIMIT_MS * 2,
)

test(
  'killing the broker under load loses no acknowledged message, and the run goes on',
  async () => {
    const name = await makeTopic(2)
    const seen = new Set<number>()
    const consumer = await consumerOf(name, 2, {
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) seen.add(numberIn(batch, i))
        batch.acknowledge()
      },
    })
    const { producer, outcomes, send } = await producerOf(name, 2)
    let sent = 0
    const pump = setInterval(() => {
      sent += send(sent, 50)
    }, 10)
    try {
      await until('the run to begin', () => outcomes.size > 2000)
      const node = pulsar.broker.nodes[0]!
      await node.kill()
      await node.restart(signal())
      const before = outcomes.size
      await until('the run to go on', () => outcomes.size > before + 5000)
    } finally {
      clearInterval(pump)
    }
    await until('all to be settled', () => outcomes.size === sent)
    const acknowledged = [...outcomes].filter(([, outcome]) => outcome === 'acknowledged').map(([at]) => at)
    expect(acknowledged.length).toBeGreaterThan(7000)
    await until('all to be delivered', () => acknowledged.every((at) => seen.has(at)))
    await producer.close(signal())
    await consumer.close(signal())
  },
  LIMIT_MS * 3,
)

test(
  'one message of a batch that is acknowledged negatively brings its batch again, marked',
  async () => {
    const name = await makeTopic(0)
    const seen: [number, boolean][] = []
    const consumer = await consumerOf(name, 0, {
      type: 'shared',
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) {
          seen.push([numberIn(batch, i), batch.redelivered(i)])
          if (numberIn(batch, i) === 3 && !batch.redelivered(i)) batch.negativeAcknowledge(i)
          else batch.acknowledgeOne(i)
        }
      },
    })
    const { producer, send } = await producerOf(name, 0)
    send(0, 5)
    await until('the second delivery', () => seen.length >= 10)
    expect(seen.slice(5)).toEqual([0, 1, 2, 3, 4].map((number) => [number, true]))
    await producer.close(signal())
    await consumer.close(signal())
  },
  LIMIT_MS,
)

test(
  'seek goes back to an earlier message',
  async () => {
    const name = await makeTopic(0)
    const seen: number[] = []
    let firstId: Uint8Array | null = null
    const consumer = await consumerOf(name, 0, {
      onBatch(batch) {
        for (let i = 0; i < batch.count; i++) seen.push(numberIn(batch, i))
        firstId ??= batch.messageId(0)
        batch.acknowledge()
      },
    })
    const { producer, send } = await producerOf(name, 0)
    send(0, 10)
    await until('10 messages', () => seen.length === 10)
    await consumer.seek({ messageId: firstId! }, signal())
    await until('them again', () => seen.length >= 20)
    expect(seen.slice(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await producer.close(signal())
    await consumer.close(signal())
  },
  LIMIT_MS,
)

test(
  'a terminated topic rejects',
  async () => {
    const name = await makeTopic(0)
    const { producer, outcomes, reasons, send } = await producerOf(name, 0)
    send(0, 1)
    await until('the first to be settled', () => outcomes.size === 1)
    await admin('POST', `${name}/terminate`)
    send(1, 1)
    await until('the refusal', () => outcomes.size === 2)
    // The broker closes the producer, too: what was written just before has no answer, and may have arrived.
    expect(outcomes.get(1)).not.toBe('acknowledged')
    send(2, 1)
    await until('the next refusal', () => outcomes.size === 3)
    expect([outcomes.get(0), outcomes.get(2)]).toEqual(['acknowledged', 'rejected'])
    expect([...reasons]).toEqual(['topic terminated'])
    await producer.close(signal())
  },
  LIMIT_MS,
)

test(
  'what the broker refuses has a kind',
  async () => {
    const kindOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: { kind?: string }) => error.kind,
      )
    const topic = 'persistent://no-tenant/no-namespace/t'
    expect(await kindOf(client.partitions(topic, signal()))).toBe('topic not found')
    const name = await makeTopic(0)
    const consumer = await consumerOf(name, 0, {})
    expect(await kindOf(consumerOf(name, 0, { name: 'other' }))).toBe('consumer busy')
    await consumer.close(signal())
    const { producer } = await producerOf(name, 0)
    expect(await kindOf(producerOf(name, 0))).toBe('producer busy')
    await producer.close(signal())
  },
  LIMIT_MS,
)

test(
  'a producer that another one fenced rejects, and does not try for ever',
  async () => {
    const name = await makeTopic(0)
    const { producer, outcomes, reasons, send } = await producerOf(name, 0)
    send(0, 1)
    await until('the first to be settled', () => outcomes.size === 1)
    const [host = '', port] = pulsar.broker.servers[0]!.split(':')
    const other = await connect(
      { host, port: Number(port), proxyTo: null },
      {
        ...DEFAULT_CLIENT_OPTIONS,
        servers: [],
      },
    )
    const exclusiveWithFencing = 3
    await other.requests.ask((id) =>
      command(
        TYPE.PRODUCER,
        new ProtoWriter()
          .string(1, full(name))
          .number(2, 1)
          .number(3, id)
          .string(4, 'other')
          .number(10, exclusiveWithFencing),
      ),
    )
    send(1, 1)
    await until('the refusal', () => outcomes.size === 2)
    expect([...reasons]).toEqual(['producer fenced'])
    expect(outcomes.get(1)).not.toBe('acknowledged')
    await producer.close(signal())
    other.close()
  },
  LIMIT_MS,
)

test(
  'a message over the limit of the broker is rejected, the ones around it are not',
  async () => {
    const name = await makeTopic(0)
    const { producer, outcomes, reasons, send } = await producerOf(name, 0)
    send(0, 1)
    const values = [Buffer.alloc(6_000_000)]
    producer.send({ firstSequence: 1, count: 1, partition: -1, values, keys: null })
    send(2, 1)
    await until('all to be settled', () => outcomes.size === 3)
    expect([0, 1, 2].map((at) => outcomes.get(at))).toEqual(['acknowledged', 'rejected', 'acknowledged'])
    expect([...reasons]).toEqual(['message too large'])
    await producer.close(signal())
  },
  LIMIT_MS,
)
