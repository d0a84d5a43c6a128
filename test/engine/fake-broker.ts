import type { SimClock } from '../../src/clock/sim-clock.ts'
import type { Capabilities } from '../../src/driver/capabilities.ts'
import type {
  Consumer,
  ConsumerSpec,
  Driver,
  Outcome,
  OutgoingBatch,
  Producer,
  ProducerSpec,
} from '../../src/driver/driver.ts'

/** A broker of one process in simulated time, with faults to order. Times are µs of the clock. */
export interface FakeOptions {
  readonly acknowledgeAfterUs?: number
  readonly deliverAfterUs?: number
  /** `send` blocks the thread until the end of the window it falls into. */
  readonly blocks?: readonly (readonly [fromUs: number, toUs: number])[]
  /** `send` takes nothing in these windows; `onWritable` comes at their end. */
  readonly refuses?: readonly (readonly [fromUs: number, toUs: number])[]
  /** From here on nothing is acknowledged or delivered any more. */
  readonly silentFromUs?: number
  /** What becomes of a message, instead of an acknowledgement. */
  readonly outcomeOf?: (sequence: number) => Outcome
  /** Deliveries of the n-th message the broker took: 0 = lost, 2 = twice; 1 unless given. */
  readonly deliveriesOf?: (n: number) => number
  readonly choosesPartition?: boolean
  /** Most messages taken by one `send`. */
  readonly maxPerSend?: number
}

export interface FakeBroker {
  readonly driver: Driver
  readonly batches: OutgoingBatch[]
  /** Whether any consumer is paused now. */
  readonly paused: () => boolean
  /** Most batches taken without the event loop turning in between. */
  readonly mostBatchesInTurn: () => number
}

const CAPABILITIES: Capabilities = {
  partitions: 'native',
  choosesPartition: true,
  subscriptions: true,
  orderDomain: 'partition',
  sharedStreams: false,
  delivery: 'at-least-once',
  redeliveryFlag: true,
  redelivers: true,
  replay: false,
  keys: true,
  filtersByStream: false,
  consumerIsServer: false,
  transactions: false,
  brokerTimestamps: false,
  maxMessageBytes: 1 << 20,
}

export function createFakeBroker(clock: SimClock, options: FakeOptions = {}): FakeBroker {
  const consumers: { spec: ConsumerSpec; paused: boolean; held: (() => void)[] }[] = []
  const batches: OutgoingBatch[] = []
  let batchesInTurn = 0
  let mostBatchesInTurn = 0
  let taken = 0

  const silent = () => clock.nowUs() >= (options.silentFromUs ?? Number.POSITIVE_INFINITY)
  const windowAt = (windows: FakeOptions['blocks']) =>
    windows?.find(([from, to]) => clock.nowUs() >= from && clock.nowUs() < to)

  function deliver(topic: string, partition: number, values: readonly Buffer[]): void {
    for (const consumer of consumers) {
      if (consumer.spec.topic !== topic) continue
      if (partition % consumer.spec.consumersOfSubscription !== consumer.spec.indexInSubscription) continue
      const hand = () =>
        consumer.spec.onBatch({
          count: values.length,
          value: (i) => values[i]!,
          partition: () => partition,
          redelivered: () => false,
          acknowledge: () => {},
        })
      if (consumer.paused) consumer.held.push(hand)
      else hand()
    }
  }

  function noteBatch(): void {
    if (batchesInTurn++ === 0) {
      clock.schedule(0, () => {
        batchesInTurn = 0
      })
    }
    mostBatchesInTurn = Math.max(mostBatchesInTurn, batchesInTurn)
  }

  function createProducer(spec: ProducerSpec): Producer {
    const pending = new Map<number, number>()
    const settle = (first: number, count: number) => {
      for (let s = first; s < first + count; s++) {
        if (!pending.delete(s)) continue
        const outcome = options.outcomeOf?.(s) ?? 'acknowledged'
        spec.onSettled(s, 1, outcome, outcome === 'acknowledged' ? undefined : 'ordered by the test')
      }
    }
    const wakeAt = (us: number) => clock.schedule((us - clock.nowUs()) / 1000, spec.onWritable)
    return {
      send(batch) {
        const refusal = windowAt(options.refuses)
        if (refusal !== undefined) {
          wakeAt(refusal[1])
          return 0
        }
        const block = windowAt(options.blocks)
        if (block !== undefined) clock.spend(block[1] - clock.nowUs())
        const count = Math.min(batch.count, options.maxPerSend ?? batch.count)
        if (count < batch.count) clock.schedule(0, spec.onWritable)
        batches.push(batch)
        noteBatch()
        for (let i = 0; i < count; i++) pending.set(batch.firstSequence + i, 1)
        if (silent()) return count
        clock.schedule((options.acknowledgeAfterUs ?? 1000) / 1000, () => {
          if (!silent()) settle(batch.firstSequence, count)
        })
        const values: Buffer[] = []
        for (let i = 0; i < count; i++) {
          const times = options.deliveriesOf?.(taken++) ?? 1
          for (let n = 0; n < times; n++) values.push(Buffer.from(batch.values[i]!))
        }
        clock.schedule((options.deliverAfterUs ?? 1500) / 1000, () => {
          if (!silent()) deliver(spec.topic, Math.max(0, batch.partition), values)
        })
        return count
      },
      flush() {},
      async close() {
        for (const sequence of [...pending.keys()]) {
          pending.delete(sequence)
          spec.onSettled(sequence, 1, 'unknown', 'closed')
        }
      },
    }
  }

  function createConsumer(spec: ConsumerSpec): Consumer {
    const consumer = { spec, paused: false, held: [] as (() => void)[] }
    consumers.push(consumer)
    return {
      pause() {
        consumer.paused = true
      },
      resume() {
        consumer.paused = false
        while (!consumer.paused && consumer.held.length > 0) consumer.held.shift()!()
      },
      async close() {
        consumers.splice(consumers.indexOf(consumer), 1)
      },
    }
  }

  const driver: Driver = {
    capabilities: { ...CAPABILITIES, choosesPartition: options.choosesPartition ?? true },
    open: async () => ({ version: '1', settings: {}, client: 'fake 1', notes: [] }),
    createTopics: async () => {},
    deleteTopics: async () => {},
    createProducer: async (spec) => createProducer(spec),
    createConsumer: async (spec) => createConsumer(spec),
    close: async () => {},
  }
  return {
    driver,
    batches,
    mostBatchesInTurn: () => mostBatchesInTurn,
    paused: () => consumers.some((consumer) => consumer.paused),
  }
}
