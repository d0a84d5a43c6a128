// Goal: on three nodes with quorum queues, kill -9 of a node under load loses no confirmed message, and the node comes
// back with its data; leaders and clients are spread over the nodes.
// Method: load from one producer and one consumer, our own counting, one node killed in the middle.
import { expect, test } from 'bun:test'
import { connect } from 'amqplib'
import { testBroker } from './support/broker.ts'
import { limit, makeTopic, openConsumer, openDriver, openProducer, until } from './support/client.ts'

const broker = testBroker({ topology: 'cluster' })
const PARTITIONS = 6

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
  for (const node of broker.current.nodes) {
    let killed: Promise<void> | null = null
    const acknowledgedBefore = producer.count('acknowledged')
    for (let i = 0; i < 300; i++) {
      producer.send(4, { partition: i % PARTITIONS, sizeBytes: 1024 })
      if (i === 100) killed = node.kill()
      await Bun.sleep(1)
    }
    await killed
    // Two of three are left: every queue must take messages again before the node is back.
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await until('room', () => producer.send(5, { partition }) === 5)
    }
    await producer.settled()
    expect(producer.count('acknowledged')).toBeGreaterThan(acknowledgedBefore)
    await node.restart(limit(60_000))
  }
  const confirmed = [...producer.outcomes].filter(([, outcome]) => outcome === 'acknowledged').map(([i]) => i)
  const got = () => new Set(reader.received.map(({ number }) => number))
  await until('every confirmed message', () => {
    const all = got()
    return confirmed.every((i) => all.has(i))
  })
  expect(confirmed.length).toBeGreaterThan(1000)
  // What a dying leader had taken, the broker refuses (nacks) or leaves unknown; nothing else may happen.
  const kinds = ['connection lost', 'connection closed by the broker', 'refused by the broker']
  expect(kinds).toEqual(expect.arrayContaining(Object.keys(producer.reasons)))
  await driver.close(limit())
}, 180_000)

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
