// Goal: every option of the driver file has its effect on a real broker.
// Method: each test fails when its option is ignored: the broker's refusal of another queue type, the client's own frames
// seen by a proxy, counts of what is held back.
import { expect, test } from 'bun:test'
import { connect } from 'amqplib'
import { queueArgumentsOf } from '../../../src/drivers/rabbitmq/rabbitmq-admin.ts'
import { rabbitmqConfigSchema } from '../../../src/drivers/rabbitmq/rabbitmq-config.ts'
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
import { tapProxy } from './support/tap-proxy.ts'

const broker = testBroker({
  extra: {
    users: [{ name: 'me', password: 'secret', permissions: [{ vhost: 'mine' }] }],
    vhosts: ['mine'],
  },
})
const BASIC = 60

/** Declares the driver's first queue once more with these arguments: the broker names an argument that differs. */
async function declareAgain(queue: string, queueArguments: object): Promise<string> {
  const side = await connect(`amqp://guest:guest@${broker.current.servers[0]}`)
  const channel = await side.createChannel()
  channel.on('error', () => undefined)
  const answer = await channel
    .assertQueue(queue, { durable: true, arguments: queueArguments })
    .then(() => 'same', String)
  await side.close()
  return answer
}

for (const queueType of ['classic', 'quorum', 'stream'] as const) {
  test(`queueType ${queueType}, queueArguments and limits reach the declaration`, async () => {
    const config = { queueType, maxLengthBytes: 50_000_000, queueArguments: { 'x-max-age': '1h' } }
    const used = queueType === 'stream' ? config : { ...config, queueArguments: { 'x-max-length': 77_000 } }
    const driver = await openDriver(broker.current.servers, used)
    const topic = await makeTopic(driver)
    const queue = queueType === 'stream' ? `${topic.name}.0` : `${topic.name}.sub.0`
    const same = queueArgumentsOf(rabbitmqConfigSchema.parse(used))
    expect(await declareAgain(queue, same)).toBe('same')
    for (const name of [
      'x-queue-type',
      'x-max-length-bytes',
      Object.keys(used.queueArguments)[0] as string,
    ]) {
      const other = { ...same, [name]: name === 'x-queue-type' ? otherType(queueType) : undefined }
      expect(await declareAgain(queue, other)).toContain(`inequivalent arg '${name}'`)
    }
    await driver.close(limit())
  })
}

const otherType = (type: string) => (type === 'classic' ? 'quorum' : 'classic')

test('quorumGroupSize reaches the declaration', () => {
  const of = (config: object) => queueArgumentsOf(rabbitmqConfigSchema.parse(config))
  expect(of({ queueType: 'quorum', quorumGroupSize: 1 })).toMatchObject({ 'x-quorum-initial-group-size': 1 })
  expect(of({ queueType: 'stream', quorumGroupSize: 2 })).toMatchObject({ 'x-initial-cluster-size': 2 })
  expect(Object.keys(of({ queueType: 'quorum' }))).not.toContain('x-quorum-initial-group-size')
})

test('persistent: messages survive the end of the broker; transient ones do not', async () => {
  const topics = []
  for (const persistent of [true, false]) {
    const driver = await openDriver(broker.current.servers, { queueType: 'classic', persistent })
    const topic = await makeTopic(driver)
    const producer = await openProducer(driver, topic)
    producer.send(50)
    await producer.settled()
    expect(producer.count('acknowledged')).toBe(50)
    topics.push({ topic, expected: persistent ? 50 : 0 })
    await driver.close(limit())
  }
  const [node] = broker.current.nodes
  await node!.kill()
  await node!.restart(limit(60_000))
  const driver = await openDriver(broker.current.servers, { queueType: 'classic' })
  for (const { topic, expected } of topics) {
    const reader = await openConsumer(driver, topic)
    expect(await steady(() => reader.received.length, 1_000)).toBe(expected)
  }
  await driver.close(limit())
})

test('confirms: with them the channel is put into confirm mode, without them it is not', async () => {
  for (const confirms of [true, false]) {
    const tap = await tapProxy(broker.current.servers[0] as string)
    const driver = await openDriver([tap.address], { confirms })
    const topic = await makeTopic(driver)
    const producer = await openProducer(driver, topic)
    producer.send(20)
    await producer.settled()
    expect(producer.count('acknowledged')).toBe(20)
    expect(tap.methods(85, 10)).toHaveLength(confirms ? 1 : 0)
    await driver.close(limit())
    tap.close()
  }
})

test('maxUnconfirmed and maxUnconfirmedBytes hold send back, and onWritable follows', async () => {
  const driver = await openDriver(broker.current.servers, { maxUnconfirmed: 30, maxUnconfirmedBytes: 4000 })
  const topic = await makeTopic(driver)
  const producer = await openProducer(driver, topic)
  expect(producer.send(100)).toBe(30)
  expect(producer.send(1)).toBe(0)
  expect(producer.writable()).toBe(0)
  await until('onWritable', () => producer.writable() > 0)
  await producer.settled()
  expect(producer.send(10, { sizeBytes: 1000 })).toBe(4)
  await producer.settled()
  // One that is larger than the whole budget still goes, alone.
  expect(producer.send(2, { sizeBytes: 9000 })).toBe(1)
  await producer.settled()
  expect(producer.count('acknowledged')).toBe(35)
  await driver.close(limit())
})

test('prefetch bounds what a consumer holds unacknowledged, of each queue', async () => {
  for (const prefetch of [7, 20]) {
    const driver = await openDriver(broker.current.servers, { prefetch })
    const topic = await makeTopic(driver, 2)
    const producer = await openProducer(driver, topic)
    for (const partition of [0, 1]) producer.send(100, { partition })
    await producer.settled()
    const reader = await openConsumer(driver, topic, { acknowledge: false })
    expect(await steady(() => reader.received.length)).toBe(2 * prefetch)
    for (const batch of reader.batches) batch.acknowledge()
    await until('the next ones', () => reader.received.length === 4 * prefetch)
    await driver.close(limit())
  }
})

test('ackMode: auto forgets what it delivered, manual brings it again', async () => {
  for (const [ackMode, again] of [['auto', 0] as const, ['manual', 30] as const]) {
    const driver = await openDriver(broker.current.servers, { ackMode })
    const topic = await makeTopic(driver)
    const producer = await openProducer(driver, topic)
    producer.send(30)
    const first = await openConsumer(driver, topic, { acknowledge: false })
    await until('30 messages', () => first.received.length === 30)
    await first.consumer.close(limit())
    const second = await openConsumer(driver, topic)
    expect(await steady(() => second.received.length)).toBe(again)
    await driver.close(limit())
  }
})

test('ackMultiple: one acknowledgement a batch, or one a message', async () => {
  for (const ackMultiple of [true, false]) {
    const tap = await tapProxy(broker.current.servers[0] as string)
    const driver = await openDriver([tap.address], { ackMultiple })
    const topic = await makeTopic(driver)
    const producer = await openProducer(driver, topic)
    producer.send(200)
    await producer.settled()
    const reader = await openConsumer(driver, topic)
    await until('200 messages', () => reader.received.length === 200)
    await reader.consumer.close(limit())
    const acks = tap.methods(BASIC, 80).length
    expect(acks).toBe(ackMultiple ? reader.batches.length : 200)
    expect(reader.batches.length).toBeLessThan(200)
    await driver.close(limit())
    tap.close()
  }
})

test('delivery mode and heartbeat go over the wire as set', async () => {
  for (const [persistent, mode, heartbeatS] of [[true, 2, 7] as const, [false, 1, 0] as const]) {
    const tap = await tapProxy(broker.current.servers[0] as string)
    const driver = await openDriver([tap.address], { queueType: 'classic', persistent, heartbeatS })
    const topic = await makeTopic(driver)
    const producer = await openProducer(driver, topic)
    producer.send(3)
    await producer.settled()
    expect(tap.headers.map((payload) => payload[14])).toEqual([mode, mode, mode])
    // connection.tune-ok: channel-max, frame-max, heartbeat.
    const tuned = tap.methods(10, 31)
    expect(tuned.length).toBeGreaterThan(0)
    expect(tuned.every((payload) => payload.readUInt16BE(10) === heartbeatS)).toBe(true)
    await driver.close(limit())
    tap.close()
  }
})

test('username, password, passwordEnv and vhost choose who comes in and where', async () => {
  process.env.BENCH_TEST_RABBITMQ_PASSWORD = 'secret'
  const mine = { username: 'me', vhost: 'mine' }
  for (const secret of [{ password: 'secret' }, { passwordEnv: 'BENCH_TEST_RABBITMQ_PASSWORD' }]) {
    const driver = await openDriver(broker.current.servers, { ...mine, ...secret })
    await makeTopic(driver)
    await driver.close(limit())
  }
  const unset = createDriver(broker.current.servers, { ...mine, passwordEnv: 'BENCH_TEST_RABBITMQ_UNSET' })
  await expect(unset.open(limit())).rejects.toThrow('BENCH_TEST_RABBITMQ_UNSET')
  const elsewhere = createDriver(broker.current.servers, { username: 'me', password: 'secret' })
  await expect(elsewhere.open(limit())).rejects.toThrow("virtual host '/'")
})
