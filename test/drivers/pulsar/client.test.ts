// Goal: the client keeps its word when a broker does not: every operation ends with one clear failure, every message is
// settled once, lost registrations come back with what was never acknowledged, and the process lives on.
// Method: a scripted server that behaves, falls silent, lets go, redirects, refuses or answers garbage.
import { afterEach, expect, test } from 'bun:test'
import type { Outcome } from '../../../src/driver/driver.ts'
import type { ReceivedBatch } from '../../../src/drivers/pulsar/client/consumer-options.ts'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { ProtoWriter } from '../../../src/drivers/pulsar/client/wire/proto-writer.ts'
import { mutate, seeded, validFrames } from './mutated-frames.ts'
import { command } from './scripted-broker.ts'
import {
  clientOf,
  consumerOf,
  failure,
  producerOf,
  serve,
  signal,
  stopAll,
  until,
} from './scripted-client.ts'

afterEach(stopAll)

test('says what the broker said of itself', async () => {
  expect(await clientOf(serve()).open(signal())).toEqual({
    version: 'Scripted 1.2.3',
    maxMessageBytes: 5_242_880,
  })
})

test('messages are acknowledged in one range, however they were batched', async () => {
  const ranges: [number, number][] = []
  const { send } = await producerOf(clientOf(serve()), {
    onSettled: (first, count) => ranges.push([first, count]),
  })
  expect(send(0, 95)).toBe(95)
  await until('all to be settled', () => ranges.reduce((sum, [, count]) => sum + count, 0) === 95)
  // 10 batches were sent; receipts that came together are told together.
  expect(ranges[0]![0]).toBe(0)
  expect(ranges.length).toBeLessThanOrEqual(10)
})

test('takes no more than may be pending, and says when there is room', async () => {
  let silent = true
  const waiting: (() => void)[] = []
  const broker = serve(({ type, numbers }, peer) => {
    if (type !== TYPE.SEND || !silent) return false
    const fields = new ProtoWriter().number(1, numbers[1]!).number(2, numbers[2]!)
    waiting.push(() => peer.write(command(TYPE.SEND_RECEIPT, fields)))
    return true
  })
  let writable = 0
  const { send, books } = await producerOf(clientOf(broker), {
    maxPendingMessages: 25,
    onWritable: () => writable++,
  })
  expect(send(0, 40)).toBe(25)
  expect(send(25, 5)).toBe(0)
  await until('the batches to arrive', () => waiting.length === 3)
  expect(writable).toBe(0)
  silent = false
  for (const answer of waiting) answer()
  await until('room', () => writable > 0)
  expect(send(25, 5)).toBe(5)
  await until('all to be settled', () => books.outcomes.size === 30)
})

test('a message over the limit is rejected after send has returned, the others are not', async () => {
  const { send, books } = await producerOf(clientOf(serve()), { maxPendingBytes: 20_000_000 })
  expect(send(0, 1, 5_242_880)).toBe(1)
  expect(books.outcomes.size).toBe(0)
  expect(send(1, 1, 5_000_000)).toBe(1)
  await until('both to be settled', () => books.outcomes.size === 2)
  expect([...books.outcomes].sort()).toEqual([
    [0, 'rejected'],
    [1, 'acknowledged'],
  ])
  expect(books.reasons).toContain('message too large')
})

test('what is never answered is unknown after the send time-out', async () => {
  const broker = serve(({ type }) => type === TYPE.SEND)
  const { send, books } = await producerOf(clientOf(broker), { sendTimeoutMs: 100 })
  send(0, 15)
  await until('the time-out', () => books.outcomes.size === 15)
  expect(new Set(books.outcomes.values())).toEqual(new Set<Outcome>(['unknown']))
  expect(books.reasons[0]).toBe('timeout')
  expect(books.settledTwice).toBe(0)
})

test('when the broker lets go, or the connection ends, everything unacknowledged is sent again in order', async () => {
  for (const how of ['close-producer', 'connection'] as const) {
    let sends = 0
    const broker = serve(({ type, numbers }, peer) => {
      if (type !== TYPE.SEND) return false
      sends++
      if (sends === 1) return false
      if (sends > 3) return false
      if (sends === 3) {
        if (how === 'connection') peer.end()
        else peer.write(command(TYPE.CLOSE_PRODUCER, new ProtoWriter().number(1, numbers[1]!).number(2, -1)))
      }
      return true
    })
    const { send, books } = await producerOf(clientOf(broker))
    send(0, 30)
    await until('all to be acknowledged', () => books.outcomes.size === 30)
    expect(new Set(books.outcomes.values())).toEqual(new Set<Outcome>(['acknowledged']))
    const producers = broker.heard.filter(({ type }) => type === TYPE.PRODUCER)
    expect(producers.map(({ numbers, texts }) => [numbers[2], texts[4], numbers[8]])).toEqual([
      [producers[0]!.numbers[2], 'p', 0],
      [producers[0]!.numbers[2], 'p', 1],
    ])
    const sequences = broker.heard.filter(({ type }) => type === TYPE.SEND).map(({ numbers }) => numbers[2])
    expect(sequences).toEqual([0, 10, 20, 10, 20])
    // A lookup comes before each registration.
    expect(broker.heard.filter(({ type }) => type === TYPE.LOOKUP).length).toBe(2)
  }
})

test('sequence ids go on after the last one that the broker has', async () => {
  const broker = serve(({ type, numbers }, peer) => {
    if (type !== TYPE.PRODUCER) return false
    const fields = new ProtoWriter().number(1, numbers[3]!).string(2, 'p').number(3, 41)
    peer.write(command(TYPE.PRODUCER_SUCCESS, fields))
    return true
  })
  const { send, books } = await producerOf(clientOf(broker))
  send(0, 1)
  await until('it to be settled', () => books.outcomes.size === 1)
  expect(broker.heard.find(({ type }) => type === TYPE.SEND)?.numbers[2]).toBe(42)
})

test('a terminated topic and a fenced producer reject, now and later', async () => {
  for (const [code, kind] of [
    [15, 'topic terminated'],
    [25, 'producer fenced'],
  ] as const) {
    const broker = serve(({ type, numbers }, peer) => {
      if (type !== TYPE.SEND) return false
      const fields = new ProtoWriter()
        .number(1, numbers[1]!)
        .number(2, numbers[2]!)
        .number(3, code)
        .string(4, 'no')
      peer.write(command(TYPE.SEND_ERROR, fields))
      return true
    })
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const { send, books } = await producerOf(clientOf(broker, { log }))
    send(0, 10)
    await until('the refusal', () => books.outcomes.size === 10)
    send(10, 10)
    await until('the refusal', () => books.outcomes.size === 20)
    expect(new Set(books.outcomes.values())).toEqual(new Set<Outcome>(['rejected']))
    expect(new Set(books.reasons)).toEqual(new Set([kind]))
    expect(lines).toEqual([expect.stringContaining(`error ${code}: no; it rejects everything from now on`)])
  }
})

test('close settles what is open: waits for it, or as unknown when aborted', async () => {
  const broker = serve(({ type }) => type === TYPE.SEND)
  const { producer, send, books } = await producerOf(clientOf(broker))
  send(0, 10)
  await producer.close(AbortSignal.abort())
  expect(books.outcomes.size).toBe(10)
  expect(new Set(books.outcomes.values())).toEqual(new Set<Outcome>(['unknown']))
  await producer.close(signal())
  expect(books.settledTwice).toBe(0)
})

test('lookups follow redirects, with authority where it is given', async () => {
  const target = serve()
  const first = serve(({ type, numbers }, peer) => {
    if (type !== TYPE.LOOKUP) return false
    const url = `pulsar://127.0.0.1:${target.port}`
    const fields = new ProtoWriter().string(1, url).number(3, 0).number(4, numbers[2]!).boolean(5, true)
    peer.write(command(TYPE.LOOKUP_RESPONSE, fields))
    return true
  })
  const { send, books } = await producerOf(clientOf(first))
  send(0, 1)
  await until('it to be settled', () => books.outcomes.size === 1)
  expect(target.heard.find(({ type }) => type === TYPE.LOOKUP)?.numbers[3]).toBe(1)
  expect(first.heard.some(({ type }) => type === TYPE.SEND)).toBe(false)
})

test('a broker that is reached through a proxy is named to the proxy, on a connection of its own', async () => {
  const behind = 'broker-7.internal:6650'
  const proxy = serve(({ type, numbers }, peer) => {
    if (type !== TYPE.LOOKUP) return false
    const fields = new ProtoWriter().string(1, `pulsar://${behind}`).number(3, 1).number(4, numbers[2]!)
    peer.write(command(TYPE.LOOKUP_RESPONSE, fields.boolean(8, true)))
    return true
  })
  const { send, books } = await producerOf(clientOf(proxy))
  send(0, 1)
  await until('it to be settled', () => books.outcomes.size === 1)
  const greetings = proxy.heard.filter(({ type }) => type === TYPE.CONNECT)
  expect(greetings.map(({ texts }) => texts[6])).toEqual([undefined, behind])
  expect(proxy.peers).toHaveLength(2)
})

test('redirects that never end are given up', async () => {
  const broker = serve(({ type, numbers }, peer, self) => {
    if (type !== TYPE.LOOKUP) return false
    const url = `pulsar://127.0.0.1:${self.port}`
    peer.write(
      command(TYPE.LOOKUP_RESPONSE, new ProtoWriter().string(1, url).number(3, 0).number(4, numbers[2]!)),
    )
    return true
  })
  expect(await failure(producerOf(clientOf(broker, { maxBackoffMs: 5 })))).toBe('not ready')
})

test('refusals have kinds: authentication, rights, topic, name', async () => {
  const kinds: string[] = []
  for (const code of [3, 4, 11, 16]) {
    const broker = serve(({ type, numbers }, peer) => {
      if (type !== (code === 3 ? TYPE.CONNECT : TYPE.PRODUCER)) return false
      peer.write(
        command(
          TYPE.ERROR,
          new ProtoWriter()
            .number(1, numbers[3] ?? 0)
            .number(2, code)
            .string(3, 'no'),
        ),
      )
      return true
    })
    kinds.push(await failure(producerOf(clientOf(broker))))
  }
  expect(kinds).toEqual(['authentication failed', 'not authorized', 'topic not found', 'producer busy'])
})

test('an unreachable broker, a plain port for TLS, and silence are failures in time', async () => {
  const gone = serve()
  gone.stop()
  expect(await failure(clientOf(gone).open(signal()))).toBe('connection refused')
  const plain = serve(() => true)
  const tls = { rejectUnauthorized: true }
  expect(await failure(clientOf(plain, { tls, connectTimeoutMs: 300 }).open(signal()))).toBe('TLS failed')
  expect(
    await failure(
      clientOf(
        serve(() => true),
        { connectTimeoutMs: 100 },
      ).open(signal()),
    ),
  ).toBe('timeout')
  const mute = serve(({ type }) => type === TYPE.LOOKUP)
  const client = clientOf(mute, { requestTimeoutMs: 20, maxBackoffMs: 1 })
  expect(await failure(producerOf(client))).toBe('timeout')
})

test('a silent connection is given up after twice the keep-alive, and every waiter is told', async () => {
  const broker = serve(({ type }) => type === TYPE.PING || type === TYPE.LOOKUP)
  const client = clientOf(broker, { keepAliveMs: 40, maxBackoffMs: 1 })
  expect(await failure(producerOf(client))).toBe('connection lost')
  expect(broker.heard.some(({ type }) => type === TYPE.PING)).toBe(true)
})

test('a ping is answered', async () => {
  const broker = serve()
  await clientOf(broker).open(signal())
  broker.peers[0]!.write(command(TYPE.PING, new ProtoWriter()))
  await until('a pong', () => broker.heard.some(({ type }) => type === TYPE.PONG))
})

test('garbage instead of an answer fails the operation, never the process', async () => {
  const random = seeded(7)
  const frames = validFrames()
  for (let round = 0; round < 40; round++) {
    const broker = serve(({ type }, peer) => {
      if (type !== (round % 2 === 0 ? TYPE.CONNECT : TYPE.LOOKUP)) return false
      const bytes =
        round % 3 === 0
          ? crypto.getRandomValues(new Uint8Array(100))
          : mutate(frames[random(frames.length)]!, random)
      peer.write(bytes)
      peer.end()
      return true
    })
    const client = clientOf(broker, { connectTimeoutMs: 200, requestTimeoutMs: 200, maxBackoffMs: 1 })
    const kind = await failure(producerOf(client))
    expect(kind).not.toBe('no failure')
    broker.stop()
  }
}, 60_000)

/** The frame of a delivery to a consumer: the fuzz's own frames have consumer id 3. */
function deliveryTo(consumerId: number, entryId: number): Buffer {
  const frame = Buffer.from(validFrames()[9]!)
  const inner = new ProtoWriter()
    .number(1, consumerId)
    .bytes(2, new ProtoWriter().number(1, 12).number(2, entryId).number(3, -1).view())
  const base = new ProtoWriter().number(1, 9).bytes(9, inner.view()).view()
  const message = frame.subarray(8 + frame.readUInt32BE(4))
  const head = Buffer.alloc(8)
  head.writeUInt32BE(4 + base.length + message.length, 0)
  head.writeUInt32BE(base.length, 4)
  return Buffer.concat([head, base, message])
}

test('a consumer grants permits, delivers, acknowledges, and comes back when the broker lets go', async () => {
  let entries = 0
  const broker = serve(({ type, numbers }, peer) => {
    if (type !== TYPE.FLOW) return false
    for (let i = 0; i < 3; i++) peer.write(deliveryTo(numbers[1]!, entries++))
    return true
  })
  const batches: ReceivedBatch[] = []
  const errors: string[] = []
  let messages = 0
  await consumerOf(clientOf(broker), {
    receiverQueue: 100,
    onBatch(batch) {
      batches.push(batch)
      messages += batch.count
      for (let i = 0; i < batch.count; i++)
        expect(Buffer.from(batch.value(i)).toString()).toStartWith('message ')
      batch.acknowledge()
      batch.acknowledge()
    },
    onError: (kind) => errors.push(kind),
  })
  await until('3 entries', () => messages >= 3)
  expect(() => batches[0]!.value(0)).toThrow(RangeError)
  await until('acknowledgements', () => broker.heard.some(({ type }) => type === TYPE.ACK))
  const before = messages
  const consumerId = broker.heard.find(({ type }) => type === TYPE.SUBSCRIBE)!.numbers[4]!
  broker.peers[0]!.write(command(TYPE.CLOSE_CONSUMER, new ProtoWriter().number(1, consumerId).number(2, -1)))
  await until('deliveries after coming back', () => messages > before)
  expect(errors).toEqual(['connection lost'])
})

test('with receipts a consumer closes when its acknowledgements are confirmed, and tells of those refused', async () => {
  const entries = 250
  const most = 100
  const open: number[] = []
  let mostOpen = 0
  const broker = serve(({ type, numbers }, peer) => {
    if (type === TYPE.ACK) {
      open.push(numbers[8]!)
      mostOpen = Math.max(mostOpen, open.length)
      return true
    }
    if (type !== TYPE.FLOW || delivered) return false
    delivered = true
    for (let i = 0; i < entries; i++) peer.write(deliveryTo(numbers[1]!, i))
    return true
  })
  let delivered = false
  const errors: string[] = []
  const consumer = await consumerOf(clientOf(broker), {
    receiverQueue: 10 * entries,
    ackReceipts: true,
    // Each by itself, so that there is one request a message until the limit holds them back.
    ackGroupMs: 0,
    ackGroupMessages: 1,
    onBatch: (batch) => batch.acknowledge(),
    onError: (kind) => errors.push(kind),
  })
  const heard = (wanted: number) => broker.heard.filter(({ type }) => type === wanted).length
  await until('as many as may be open', () => open.length === most)
  const closing = consumer.close(signal())
  let refused = false
  while (heard(TYPE.ACK) < entries || open.length > 0) {
    await until('an acknowledgement', () => open.length > 0)
    expect(heard(TYPE.CLOSE_CONSUMER)).toBe(0)
    const fields = new ProtoWriter().number(1, 1)
    if (!refused) fields.number(4, 1).string(5, 'no such ledger')
    refused = true
    broker.peers[0]!.write(command(TYPE.ACK_RESPONSE, fields.number(6, open.shift()!)))
  }
  await closing
  expect(heard(TYPE.CLOSE_CONSUMER)).toBe(1)
  expect({ acknowledged: heard(TYPE.ACK), mostOpen }).toEqual({ acknowledged: entries, mostOpen: most })
  expect(errors).toEqual(['not ready'])
  // Hundreds of waits, each until a poll sees its end.
}, 30_000)

test('a receipt that never comes does not hold a consumer beyond its signal', async () => {
  const broker = serve(({ type, numbers }, peer) => {
    if (type === TYPE.FLOW) peer.write(deliveryTo(numbers[1]!, 0))
    return type === TYPE.FLOW || type === TYPE.ACK
  })
  const consumer = await consumerOf(clientOf(broker), {
    ackReceipts: true,
    onBatch: (batch) => batch.acknowledge(),
  })
  await until('the acknowledgement', () => broker.heard.some(({ type }) => type === TYPE.ACK))
  const giveUp = new AbortController()
  const closing = consumer.close(giveUp.signal)
  giveUp.abort()
  await closing
})

test('a paused consumer gets nothing and loses nothing', async () => {
  const broker = serve(({ type, numbers }, peer) => {
    if (type === TYPE.FLOW) peer.write(deliveryTo(numbers[1]!, 1))
    return type === TYPE.FLOW
  })
  let messages = 0
  const client = clientOf(broker)
  const consumer = await consumerOf(client, {
    onBatch(batch) {
      messages += batch.count
    },
  })
  consumer.pause()
  await until('the permits to arrive', () => broker.heard.some(({ type }) => type === TYPE.FLOW))
  // A round trip after the delivery: it has been read by now.
  await client.partitions('persistent://t/n/topic', signal())
  expect(messages).toBe(0)
  consumer.resume()
  await until('the message', () => messages > 0)
})

test('a damaged entry is told and skipped', async () => {
  const broker = serve(({ type, numbers }, peer) => {
    if (type !== TYPE.FLOW) return false
    const damaged = deliveryTo(numbers[1]!, 1)
    damaged[damaged.length - 1]! ^= 1
    peer.write(damaged)
    peer.write(deliveryTo(numbers[1]!, 2))
    return true
  })
  const errors: string[] = []
  let messages = 0
  await consumerOf(clientOf(broker), {
    onBatch(batch) {
      messages += batch.count
    },
    onError: (kind) => errors.push(kind),
  })
  await until('the good entry', () => messages > 0)
  expect(errors).toEqual(['checksum'])
})
