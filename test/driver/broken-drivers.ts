import type {
  Consumer,
  ConsumerSpec,
  Driver,
  IncomingBatch,
  OutgoingBatch,
  Producer,
  ProducerSpec,
} from '../../src/driver/driver.ts'
import type { FakeShape } from '../../src/driver/fake/options.ts'

/** What a broken driver changes: everything it leaves out stays as the fake has it. */
interface Changes {
  driver?(inner: Driver): Partial<Driver>
  /** Changes what the fake gets of a producer. */
  producerSpec?(spec: ProducerSpec): Partial<ProducerSpec>
  producer?(inner: Producer, spec: ProducerSpec): Partial<Producer>
  consumerSpec?(spec: ConsumerSpec): Partial<ConsumerSpec>
  consumer?(inner: Consumer, spec: ConsumerSpec): Partial<Consumer>
}

/** One deliberate breach of the contract, and the checks that must find it. */
export interface BrokenDriver {
  readonly breach: string
  readonly shape: FakeShape
  /** Names of checks each of which must fail. */
  readonly rejectedBy: readonly string[]
  /** A part of the sentence that the first of them must give. */
  readonly because: string
  readonly changes: Changes
}

/** The fake with the changes. */
export function breakDriver(inner: Driver, changes: Changes): Driver {
  const base: Driver = {
    capabilities: inner.capabilities,
    open: (signal) => inner.open(signal),
    createTopics: (topics, signal) => inner.createTopics(topics, signal),
    deleteTopics: (topics, signal) => inner.deleteTopics(topics, signal),
    async createProducer(spec, signal) {
      const producer = await inner.createProducer({ ...spec, ...changes.producerSpec?.(spec) }, signal)
      return { ...producer, ...changes.producer?.(producer, spec) }
    },
    async createConsumer(spec, signal) {
      const consumer = await inner.createConsumer({ ...spec, ...changes.consumerSpec?.(spec) }, signal)
      return { ...consumer, ...changes.consumer?.(consumer, spec) }
    },
    close: (signal) => inner.close(signal),
  }
  return { ...base, ...changes.driver?.(base) }
}

/** A batch with some of its answers changed. */
export function changeBatch(batch: IncomingBatch, changes: Partial<IncomingBatch>): IncomingBatch {
  return {
    count: batch.count,
    value: (index) => batch.value(index),
    partition: (index) => batch.partition(index),
    redelivered: (index) => batch.redelivered(index),
    acknowledge: () => batch.acknowledge(),
    ...changes,
  }
}

/** Messages `from` … of a batch. */
export function rest(batch: OutgoingBatch, from: number): OutgoingBatch {
  return {
    firstSequence: batch.firstSequence + from,
    count: batch.count - from,
    partition: batch.partition,
    values: batch.values.slice(from),
    keys: batch.keys === null ? null : batch.keys.slice(from),
  }
}

/** A promise that ends with nothing and no signal. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}
