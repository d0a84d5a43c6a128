import { afterAll, beforeAll, expect, test } from 'bun:test'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import { type Client, createClient } from '../../../src/drivers/pulsar/client/client.ts'
import type { ConsumerOptions } from '../../../src/drivers/pulsar/client/consumer-options.ts'
import { pollUntil } from '../../support/poll.ts'
import type { LocalPulsar } from './local-pulsar.ts'

const LIMIT_MS = 60_000

/**
 * With receipts every acknowledgement is with the broker once a consumer has closed, however it was sent; and the mark of
 * repeated deliveries is the broker's own, by type of subscription. The backlog is read from the admin interface right
 * after the close; messages are refused once and must come again.
 */
export function acknowledgementTests(pulsar: () => LocalPulsar): void {
  let client: Client
  beforeAll(() => {
    client = createClient({ servers: pulsar().broker.servers })
  })
  afterAll(() => client?.close())

  const signal = () => AbortSignal.timeout(LIMIT_MS)
  const topicUrl = (name: string) =>
    `${pulsar().broker.adminUrls![0]}/admin/v2/persistent/public/default/${name}`

  /** A topic of its own with one producer; entries of one message each, so that backlogs are messages. */
  async function topicWith(messages: number): Promise<{ name: string; publish(): Promise<void> }> {
    const name = `acks-${randomSuffix()}`
    expect((await fetch(topicUrl(name), { method: 'PUT' })).status).toBe(204)
    let settled = 0
    const producer = await client.createProducer(
      {
        topic: `persistent://public/default/${name}`,
        partitions: 0,
        name: `p-${name}`,
        compression: 'none',
        batching: 'none',
        batchMessages: 1,
        batchBytes: 1000,
        batchDelayMs: 0,
        maxPendingMessages: messages,
        maxPendingBytes: 1_000_000,
        sendTimeoutMs: LIMIT_MS,
        onSettled(_, count, outcome) {
          if (outcome === 'acknowledged') settled += count
        },
        onWritable() {},
      },
      signal(),
    )
    return {
      name,
      async publish() {
        const values = Array.from({ length: messages }, (_, i) => Buffer.from(`message ${i}`))
        expect(producer.send({ firstSequence: 0, count: messages, partition: -1, values, keys: null })).toBe(
          messages,
        )
        await pollUntil('all to be settled', LIMIT_MS, () => settled === messages)
        await producer.close(signal())
      },
    }
  }

  function consumerOf(name: string, settings: Partial<ConsumerOptions>) {
    return client.createConsumer(
      {
        topic: `persistent://public/default/${name}`,
        partitions: null,
        subscription: 'sub',
        type: 'exclusive',
        name: 'c',
        startAt: 'earliest',
        receiverQueue: 1000,
        ackMode: 'individual',
        ackReceipts: true,
        ackGroupMessages: 1000,
        ackGroupMs: 60_000,
        nackDelayMs: 10,
        onBatch: () => {},
        onError: () => {},
        ...settings,
      },
      signal(),
    )
  }

  test.each<[string, Partial<ConsumerOptions>]>([
    ['grouped', {}],
    ['single', { ackGroupMs: 0, ackGroupMessages: 1 }],
    ['cumulative', { ackMode: 'cumulative' }],
    ['single, shared', { type: 'shared', ackGroupMs: 0, ackGroupMessages: 1 }],
  ])(
    'receipts, %s: nothing is unacknowledged once the consumer has closed',
    async (_, settings) => {
      const messages = 500
      const { name, publish } = await topicWith(messages)
      let received = 0
      const errors: string[] = []
      const consumer = await consumerOf(name, {
        ...settings,
        onBatch(batch) {
          received += batch.count
          batch.acknowledge()
        },
        onError: (kind) => errors.push(kind),
      })
      await publish()
      await pollUntil('all deliveries', LIMIT_MS, () => received >= messages)
      await consumer.close(signal())
      const stats = await (await fetch(`${topicUrl(name)}/stats?getPreciseBacklog=true`)).json()
      const { subscriptions } = stats as { subscriptions: Record<string, { msgBacklog: number }> }
      expect(subscriptions.sub!.msgBacklog).toBe(0)
      expect({ received, errors }).toEqual({ received: messages, errors: [] })
    },
    LIMIT_MS,
  )

  test.each<[ConsumerOptions['type'], boolean]>([
    ['shared', true],
    ['key_shared', true],
    ['exclusive', false],
    ['failover', false],
  ])(
    'a message that was refused comes again; on a %s subscription marked: %p',
    async (type, marked) => {
      const { name, publish } = await topicWith(1)
      const marks: boolean[] = []
      const consumer = await consumerOf(name, {
        type,
        onBatch(batch) {
          for (let i = 0; i < batch.count; i++) marks.push(batch.redelivered(i))
          if (marks.length < 3) batch.negativeAcknowledge(0)
          else batch.acknowledge()
        },
      })
      await publish()
      await pollUntil('three deliveries', LIMIT_MS, () => marks.length >= 3)
      await consumer.close(signal())
      expect(marks).toEqual([false, marked, marked])
    },
    LIMIT_MS,
  )
}
