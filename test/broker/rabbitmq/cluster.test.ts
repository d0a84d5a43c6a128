// Goal: on three nodes with quorum queues, kill -9 of a node under load loses no confirmed message, and the node comes
// back with its data; leaders and clients are spread over the nodes.
// Method: load from one producer and one consumer, our own counting, one node killed in the middle.
import { expect, test } from 'bun:test'
import { connect } from 'amqplib'
import { testBroker } from './support/broker.ts'
import { limit, makeTopic, openConsumer, openDriver, openProducer, until } from './support/client.ts'

const broker = testBroker({ topology: 'cluster' })
const PARTITIONS = 6
/** Messages confirmed before, while and after a node dies. */
const SHARE = 400
/** A queue may have to choose a leader first, on a busy machine. */
const LOAD_LIMIT_MS = 90_000

test('three nodes are up, each by its own process, and every one serves', async () => {
  const { nodes, servers, settings } = broker.current
  expect(new Set(nodes.map(({ pid }) => pid)).size).toBe(3)
  expect(servers).toEqual(nodes.map(({ advertised }) => advertised))
  expect(settings.nodes).toBe('3')
  for (const server of servers) {
    const driver = await openDriver([server])
    await driver.close(limit())
  }
})

test('kill -9 of any one node under load: nothing confirmed is lost, work goes on without it', async () => {
  const driver = await openDriver(broker.current.servers)
  const topic = await makeTopic(driver, PARTITIONS)
  const reader = await openConsumer(driver, topic)
  const producer = await openProducer(driver, topic)
  /** Sends to every queue, with few messages on their way, until so many more are confirmed. */
  async function load(count: number): Promise<void> {
    const target = producer.count('acknowledged') + count
    const step = () => {
      if (producer.sent() - producer.outcomes.size < SHARE / 2) {
        for (let partition = 0; partition < PARTITIONS; partition++) {
          producer.send(4, { partition, sizeBytes: 1024 })
        }
      }
      return producer.count('acknowledged') >= target
    }
    await until(`${target} messages to be confirmed`, step, LOAD_LIMIT_MS)
  }
  for (const node of broker.current.nodes) {
    await load(SHARE)
    await Promise.all([node.kill(), load(SHARE)])
    // Two of three are left: every queue must take messages again before the node is back.
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await until('room', () => producer.send(5, { partition }) === 5)
    }
    await load(SHARE)
    await producer.settled()
    await node.restart(limit(60_000))
  }
  const confirmed = [...producer.outcomes].filter(([, outcome]) => outcome === 'acknowledged').map(([i]) => i)
  const got = () => new Set(reader.received.map(({ number }) => number))
  await until('every confirmed message', () => {
    const all = got()
    return confirmed.every((i) => all.has(i))
  })
  expect(confirmed.length).toBeGreaterThanOrEqual(9 * SHARE)
  // What a dying leader had taken, the broker refuses (nacks) or leaves unknown; nothing else may happen.
  const kinds = ['connection lost', 'connection closed by the broker', 'refused by the broker']
  expect(kinds).toEqual(expect.arrayContaining(Object.keys(producer.reasons)))
  await driver.close(limit())
}, 600_000)

test('quorumGroupSize decides the number of replicas', async () => {
  for (const quorumGroupSize of [1, 3]) {
    const driver = await openDriver(broker.current.servers, { quorumGroupSize })
    const topic = await makeTopic(driver)
    const side = await connect(`amqp://guest:guest@${broker.current.servers[0]}`)
    const channel = await side.createChannel()
    channel.on('error', () => undefined)
    const queueArguments = {
      'x-queue-type': 'quorum',
      'x-queue-leader-locator': 'balanced',
      'x-quorum-initial-group-size': quorumGroupSize === 1 ? 3 : 1,
    }
    const other = channel.assertQueue(`${topic.name}.sub.0`, { durable: true, arguments: queueArguments })
    await expect(other).rejects.toThrow("inequivalent arg 'x-quorum-initial-group-size'")
    await side.close()
    await driver.close(limit())
  }
})
