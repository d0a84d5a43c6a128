import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { Outcome } from '../../../src/driver/driver.ts'
import { type Client, createClient } from '../../../src/drivers/pulsar/client/client.ts'
import type { ReceivedBatch } from '../../../src/drivers/pulsar/client/consumer-options.ts'
import type { LocalPulsar } from './local-pulsar.ts'

export const PARTITIONS = 4
/** 10,000 messages a second, as steps of a coarse timer. */
const STEP_MS = 10
const STEP_MESSAGES = 100
const VALUE_BYTES = 512
const WAIT_MS = 120_000

/** What is known of one message, by the order of sending. */
interface Sent {
  readonly partition: number
  outcome: Outcome | null
}

/** One reader's account: every partition's numbers start at 0 and have no gap. */
export interface NumberCheck {
  /** The number that must come next, by partition. */
  readonly next: number[]
  /** Messages that had come before. */
  repeated: number
  /** The first few that came too early: what lies between was lost, or comes out of order. */
  readonly gaps: string[]
}

function createNumberCheck(): NumberCheck & { read(batch: ReceivedBatch): void } {
  const check = { next: Array.from({ length: PARTITIONS }, () => 0), repeated: 0, gaps: [] as string[] }
  const read = (batch: ReceivedBatch) => {
    for (let i = 0; i < batch.count; i++) {
      const partition = batch.partition(i)
      const value = batch.value(i)
      const number = new DataView(value.buffer, value.byteOffset).getUint32(0)
      const expected = check.next[partition]!
      if (number < expected) check.repeated++
      else {
        if (number > expected && check.gaps.length < 10)
          check.gaps.push(`${partition}: ${expected}…${number}`)
        check.next[partition] = number + 1
      }
    }
    batch.acknowledge()
  }
  return Object.assign(check, { read })
}

/** 10,000 numbered messages a second through one topic, which a consumer reads at the same time. */
export interface NumberedLoad {
  /** Kinds of errors that the consumer was told of. */
  readonly consumerErrors: readonly string[]
  /** Messages that are not settled. */
  readonly open: number
  /**
   * Waits until every partition has its share of so many more acknowledgements, and until all that was acknowledged by
   * then is read.
   */
  goesOn(messages: number): Promise<void>
  /** Stops sending, waits for what is open, then reads the whole log again by another subscription. */
  finish(): Promise<LoadResult>
  stop(): void
}

export interface LoadResult {
  readonly sent: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Messages by partition. */
  readonly sentOf: readonly number[]
  /** The consumer that was there all the time: repeats are deliveries whose acknowledgement was lost. */
  readonly live: NumberCheck
  /** The log itself: repeats were written twice. */
  readonly log: NumberCheck
}

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(10)
  }
}

const signal = () => AbortSignal.timeout(WAIT_MS)

/** A request to the admin interface of the first broker that answers; the reply's text. */
export async function admin(
  { broker }: LocalPulsar,
  method: string,
  path: string,
  body?: unknown,
): Promise<string> {
  let failure: unknown
  for (const url of broker.adminUrls!) {
    try {
      const response = await fetch(`${url}/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      if (response.ok) return await response.text()
      failure ??= new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

/** A topic in a namespace of its own; its full name. */
export async function makeTopic(pulsar: LocalPulsar, deduplication: boolean): Promise<string> {
  const namespace = `public/load-${randomSuffix()}`
  await admin(pulsar, 'PUT', `admin/v2/namespaces/${namespace}`, {})
  await admin(pulsar, 'POST', `admin/v2/namespaces/${namespace}/deduplication`, deduplication)
  await admin(pulsar, 'PUT', `admin/v2/persistent/${namespace}/topic/partitions`, PARTITIONS)
  return `persistent://${namespace}/topic`
}

export const partitionOf = (topic: string, partition: number) => `${topic}-partition-${partition}`

/** Loads a topic; `servers` in the order in which the client tries them. */
export async function startLoad(topic: string, servers: readonly string[]): Promise<NumberedLoad> {
  const client = createClient({ servers })
  const live = createNumberCheck()
  const consumerErrors: string[] = []
  // It has a place in the log from the first message on, so that nothing is deleted.
  const keeper = await subscribe(client, topic, 'log', () => {}, [])
  await keeper.close(signal())
  const consumer = await subscribe(client, topic, 'live', live.read, consumerErrors)
  const sentOf = Array.from({ length: PARTITIONS }, () => 0)
  const messages: Sent[] = []
  const outcomes: Record<Outcome, number> = { acknowledged: 0, rejected: 0, unknown: 0 }
  const acknowledgedOf = Array.from({ length: PARTITIONS }, () => 0)
  const producer = await client.createProducer(
    {
      topic,
      partitions: PARTITIONS,
      name: 'numbered',
      compression: 'none',
      batching: 'default',
      batchMessages: 100,
      batchBytes: 131_072,
      batchDelayMs: 1,
      maxPendingMessages: 500_000,
      maxPendingBytes: 500_000_000,
      sendTimeoutMs: WAIT_MS,
      onSettled(first, count, outcome) {
        outcomes[outcome] += count
        for (let i = first; i < first + count; i++) {
          const message = messages[i]!
          if (message.outcome !== null) throw new Error(`message ${i} was settled twice`)
          message.outcome = outcome
          if (outcome === 'acknowledged') acknowledgedOf[message.partition]!++
        }
      },
      onWritable() {},
    },
    signal(),
  )

  let turn = 0
  const pump = setInterval(() => {
    const partition = turn++ % PARTITIONS
    const firstNumber = sentOf[partition]!
    const firstSequence = messages.length
    const values = Array.from({ length: STEP_MESSAGES }, (_, i) => {
      const value = Buffer.alloc(VALUE_BYTES)
      value.writeUInt32BE(firstNumber + i)
      messages.push({ partition, outcome: null })
      return value
    })
    const taken = producer.send({ firstSequence, count: STEP_MESSAGES, partition, values, keys: null })
    messages.length = firstSequence + taken
    sentOf[partition]! += taken
  }, STEP_MS)

  const openMessages = () => messages.length - outcomes.acknowledged - outcomes.rejected - outcomes.unknown

  function stop(): void {
    clearInterval(pump)
    client.close()
  }

  return {
    consumerErrors,
    stop,
    get open() {
      return openMessages()
    },
    async goesOn(more) {
      const goals = acknowledgedOf.map((count) => count + more / PARTITIONS)
      await until(`${more} more acknowledgements`, () =>
        goals.every((goal, at) => acknowledgedOf[at]! >= goal),
      )
      const written = [...acknowledgedOf]
      await until('them to be read', () => written.every((count, at) => live.next[at]! >= count))
    },
    async finish() {
      clearInterval(pump)
      await until('all to be settled', () => openMessages() === 0)
      const isRead = (check: NumberCheck) => () =>
        sentOf.every((count, partition) => check.next[partition] === count)
      await until(`all to be read: ${live.gaps}`, isRead(live))
      const log = createNumberCheck()
      const reader = await subscribe(client, topic, 'log', log.read, [])
      await until(`the log to be read: ${log.gaps}`, isRead(log))
      for (const one of [producer, consumer, reader]) await one.close(signal())
      stop()
      return { sent: messages.length, outcomes, sentOf, live, log }
    },
  }
}

function subscribe(
  client: Client,
  topic: string,
  subscription: string,
  onBatch: (batch: ReceivedBatch) => void,
  errors: string[],
) {
  return client.createConsumer(
    {
      topic,
      partitions: Array.from({ length: PARTITIONS }, (_, partition) => partition),
      subscription,
      type: 'exclusive',
      name: subscription,
      startAt: 'earliest',
      receiverQueue: 1000,
      ackMode: 'individual',
      ackReceipts: false,
      ackGroupMessages: 1000,
      ackGroupMs: 50,
      nackDelayMs: 1000,
      onBatch,
      onError: (kind) => errors.push(kind),
    },
    signal(),
  )
}
