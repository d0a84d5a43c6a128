// Goal: a server that greets and then says nothing, or nonsense, fails an operation soon and by name, wherever in the
// operation that happens; one that recovers in time does not. Method: scripted brokers; attempts are counted.
import { afterEach, expect, test } from 'bun:test'
import type { ClientError } from '../../../src/drivers/pulsar/client/errors.ts'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import type { Script } from './scripted-broker.ts'
import { clientOf, consumerOf, producerOf, serve, stopAll } from './scripted-client.ts'

afterEach(stopAll)

const TOPIC = 'persistent://t/n/topic'
/** A whole frame whose command is none. */
const GARBAGE = Buffer.from('00000008000000049f9f9f9f', 'hex')
const PAUSES = { backoffMs: 1, maxBackoffMs: 1 }

const garbageAt =
  (asked: number): Script =>
  ({ type }, peer) => {
    if (type !== asked) return false
    peer.write(GARBAGE)
    return true
  }
const silenceAt =
  (asked: number): Script =>
  ({ type }) =>
    type === asked

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => null,
    (thrown: ClientError) => thrown,
  )
  if (error === null) throw new Error('expected a failure')
  return error
}

const count = (broker: ReturnType<typeof serve>, asked: number) =>
  broker.heard.filter(({ type }) => type === asked).length

test('garbage after the greeting: three attempts, and the server by name', async () => {
  for (const asked of [TYPE.LOOKUP, TYPE.PRODUCER]) {
    const broker = serve(garbageAt(asked))
    const error = await failureOf(producerOf(clientOf(broker, PAUSES)))
    expect(error.kind).toBe('protocol error')
    expect(error.message).toContain(`127.0.0.1:${broker.port}`)
    expect(count(broker, asked)).toBe(3)
  }
  const broker = serve(garbageAt(TYPE.PARTITIONED_METADATA))
  const error = await failureOf(clientOf(broker, PAUSES).partitions(TOPIC, AbortSignal.timeout(5000)))
  expect(error).toMatchObject({ kind: 'protocol error' })
  expect(error.message).toContain(`127.0.0.1:${broker.port}`)
})

test('silence: lookups are asked once, registrations twice, and the server by name', async () => {
  for (const [asked, times] of [
    [TYPE.LOOKUP, 1],
    [TYPE.PRODUCER, 2],
    [TYPE.SUBSCRIBE, 2],
  ] as const) {
    const broker = serve(silenceAt(asked))
    const client = clientOf(broker, { ...PAUSES, requestTimeoutMs: 40 })
    const error = await failureOf(asked === TYPE.SUBSCRIBE ? consumerOf(client) : producerOf(client))
    expect(error.kind).toBe('timeout')
    expect(error.message).toBe(`127.0.0.1:${broker.port}: expected an answer within 40 ms`)
    expect(count(broker, asked)).toBe(times)
  }
})

test('of several servers each is asked: one that talks nonsense or nothing is passed over', async () => {
  const brokers = [garbageAt, silenceAt, garbageAt, garbageAt].map((script) => serve(script(TYPE.LOOKUP)))
  const servers = [...brokers, serve()].map(({ port }) => `127.0.0.1:${port}`)
  const client = clientOf(brokers[0]!, { ...PAUSES, servers, requestTimeoutMs: 200 })
  const { producer } = await producerOf(client)
  await producer.close(AbortSignal.timeout(5000))
  expect(brokers.map((broker) => count(broker, TYPE.LOOKUP))).toEqual([1, 1, 1, 1])
})

test('a server that hangs up each time is given up after the time of one operation', async () => {
  const broker = serve(({ type }, peer) => {
    if (type === TYPE.LOOKUP) peer.end()
    return type === TYPE.LOOKUP
  })
  const settings = { backoffMs: 40, maxBackoffMs: 40, requestTimeoutMs: 100 }
  const error = await failureOf(producerOf(clientOf(broker, settings)))
  expect(error.kind).toBe('connection lost')
  expect(error.message).toContain(`127.0.0.1:${broker.port}`)
  // Pauses are 20 ms at least.
  expect(count(broker, TYPE.LOOKUP)).toBeLessThanOrEqual(6)
})
