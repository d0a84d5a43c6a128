// Goal: producers and consumers find their way to a broker that serves them, whichever of the configured servers is
// dead or silent, and never hammer one that keeps refusing.
// Method: scripted brokers; what reached them is counted.
import { afterEach, expect, test } from 'bun:test'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { ProtoWriter } from '../../../src/drivers/pulsar/client/wire/proto-writer.ts'
import { command, type HeardCommand, type Peer, type Script } from './scripted-broker.ts'
import { clientOf, consumerOf, producerOf, serve, stopAll, until } from './scripted-client.ts'

afterEach(stopAll)

const servers = (...brokers: { readonly port: number }[]) => brokers.map(({ port }) => `127.0.0.1:${port}`)

/** A port where nobody listens. */
function deadPort(): { readonly port: number } {
  const { port, stop } = serve()
  stop()
  return { port }
}

const refuseSend =
  (code: number): Script =>
  ({ type, numbers }, peer) => {
    if (type !== TYPE.SEND) return false
    const fields = new ProtoWriter()
      .number(1, numbers[1]!)
      .number(2, numbers[2]!)
      .number(3, code)
      .string(4, 'no')
    peer.write(command(TYPE.SEND_ERROR, fields))
    return true
  }

test('a dead server among the configured ones costs no operation', async () => {
  const alive = serve()
  for (const order of [
    [deadPort(), alive],
    [alive, deadPort()],
    [deadPort(), deadPort(), alive],
  ]) {
    const client = clientOf(alive, { servers: servers(...order) })
    expect(await client.partitions('persistent://t/n/topic', AbortSignal.timeout(5000))).toBe(0)
  }
})

test('partitions that look for a broker at the same time do not send each other back to the dead one', async () => {
  const alive = serve()
  // A second attempt would come too late.
  const client = clientOf(alive, {
    servers: servers(deadPort(), alive),
    backoffMs: 60_000,
    maxBackoffMs: 60_000,
  })
  const { books, send } = await producerOf(client, { partitions: 4 })
  send(0, 10)
  await until('the messages to be acknowledged', () => books.outcomes.size === 10)
})

test('a server that does not answer lookups is passed over', async () => {
  const mute = serve(({ type }) => type === TYPE.LOOKUP)
  const alive = serve()
  const client = clientOf(alive, { servers: servers(mute, alive), requestTimeoutMs: 50 })
  const { books, send } = await producerOf(client)
  send(0, 10)
  await until('the messages to be acknowledged', () => books.outcomes.size === 10)
})

test('what the broker refuses again and again is sent with growing pauses', async () => {
  const registrations = (heard: readonly HeardCommand[]) =>
    heard.filter(({ type }) => type === TYPE.PRODUCER).length
  const broker = serve(refuseSend(6))
  const { books, send } = await producerOf(clientOf(broker, { backoffMs: 20, maxBackoffMs: 60_000 }), {
    sendTimeoutMs: 1500,
  })
  send(0, 10)
  await until('the send time-out', () => books.outcomes.size === 10)
  expect(new Set(books.outcomes.values())).toEqual(new Set(['unknown']))
  // 20 ms doubled: 1.5 s have room for 9 pauses, and for fewer on a slow machine.
  expect(registrations(broker.heard)).toBeGreaterThan(1)
  expect(registrations(broker.heard)).toBeLessThanOrEqual(10)
})

test('a broker that registers a consumer and lets go of it at once is not hammered', async () => {
  let subscribes = 0
  const broker = serve(({ type, numbers }, peer) => {
    if (type === TYPE.SUBSCRIBE) subscribes++
    if (type !== TYPE.FLOW) return false
    peer.write(command(TYPE.CLOSE_CONSUMER, new ProtoWriter().number(1, numbers[1]!).number(2, -1)))
    return true
  })
  const began = performance.now()
  const errors: string[] = []
  await consumerOf(clientOf(broker, { backoffMs: 50, maxBackoffMs: 60_000 }), {
    onError: (kind) => errors.push(kind),
  })
  await until('the third loss', () => errors.length >= 3)
  // The first return is at once; the pause before the second one is 25 ms at least, less what timers are early.
  expect(performance.now() - began).toBeGreaterThanOrEqual(20)
  expect(subscribes).toBeLessThanOrEqual(4)
})

test('what was registered too late is taken back before the next attempt', async () => {
  for (const [asked, closed] of [
    [TYPE.PRODUCER, TYPE.CLOSE_PRODUCER],
    [TYPE.SUBSCRIBE, TYPE.CLOSE_CONSUMER],
  ] as const) {
    let isFirst = true
    const broker = serve(({ type }) => {
      const isMute = type === asked && isFirst
      if (isMute) isFirst = false
      return isMute
    })
    const client = clientOf(broker, { requestTimeoutMs: 50 })
    await (asked === TYPE.PRODUCER ? producerOf(client) : consumerOf(client))
    const order = broker.heard.map(({ type }) => type).filter((type) => type === asked || type === closed)
    expect(order).toEqual([asked, closed, asked])
  }
})

test('a producer that the quota holds waits, and goes on when there is room again', async () => {
  let registrations = 0
  const hold = ({ type, numbers }: HeardCommand, peer: Peer) => {
    if (type === TYPE.SEND && registrations === 1) {
      peer.write(command(TYPE.CLOSE_PRODUCER, new ProtoWriter().number(1, numbers[1]!).number(2, -1)))
      return true
    }
    if (type !== TYPE.PRODUCER) return false
    registrations++
    if (registrations === 1 || registrations > 3) return false
    const fields = new ProtoWriter().number(1, numbers[3]!).number(2, 7).string(3, 'backlog quota exceeded')
    peer.write(command(TYPE.ERROR, fields))
    return true
  }
  const { books, send } = await producerOf(clientOf(serve(hold)))
  send(0, 10)
  await until('the messages to be settled', () => books.outcomes.size === 10)
  expect(new Set(books.outcomes.values())).toEqual(new Set(['acknowledged']))
})
