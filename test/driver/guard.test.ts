// Goal: no order of calls and no misbehaving driver upsets the engine: mistakes throw, breaches are reported and
// repaired, and every accepted message is settled exactly once. Method: a scripted driver behind the guard.
import { beforeEach, describe, expect, test } from 'bun:test'
import type { Consumer, Driver, IncomingBatch, OutgoingBatch, Producer } from '../../src/driver/driver.ts'
import { guardDriver } from '../../src/driver/guard.ts'
import { type ScriptedDriver, scriptedDriver } from './scripted-driver.ts'

const signal = new AbortController().signal
let script: ScriptedDriver
let breaches: string[]
let driver: Driver

beforeEach(() => {
  script = scriptedDriver()
  breaches = []
  driver = guardDriver(script.driver, (sentence) => breaches.push(sentence))
})

function batchOf(firstSequence: number, count: number): OutgoingBatch {
  return { firstSequence, count, partition: -1, values: new Array(count).fill(Buffer.from('x')), keys: null }
}

describe('life cycle', () => {
  test('opens once', async () => {
    await driver.open(signal)
    await expect(driver.open(signal)).rejects.toThrow('got one that is open')
    expect(script.calls).toEqual(['open'])
  })

  test('a failed open may be tried again', async () => {
    script.hold = () => Promise.reject(new Error('nobody there'))
    await expect(driver.open(signal)).rejects.toThrow('nobody there')
    script.hold = async () => {}
    await driver.open(signal)
    expect(script.calls).toEqual(['open', 'open'])
  })

  test('does nothing before open or after close', async () => {
    const attempts = [
      () => driver.createTopics([], signal),
      () => driver.deleteTopics([], signal),
      () => createProducer(),
      () => createConsumer(),
    ]
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow('expected an open driver')
    await driver.open(signal)
    await driver.close(signal)
    for (const attempt of [...attempts, () => driver.open(signal)])
      await expect(attempt()).rejects.toThrow('closed')
    expect(script.calls).toEqual(['open', 'close'])
  })

  test('what a driver may ask of its server is asked while it is open, and absent where it is', async () => {
    expect([driver.topicTerms, driver.topicFigures]).toEqual([undefined, undefined])
    const told = { terms: { deduplicates: true } }
    const asking = guardDriver(
      { ...script.driver, topicTerms: async () => told, topicFigures: async () => [] },
      () => {},
    )
    const attempts = [() => asking.topicTerms!([], signal), () => asking.topicFigures!([], signal)]
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow('expected an open driver')
    await asking.open(signal)
    expect(await Promise.all(attempts.map((attempt) => attempt()))).toEqual([told, []])
    await asking.close(signal)
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow('closed')
  })

  test('a driver that was never opened is not closed, one whose open failed is', async () => {
    await driver.close(signal)
    expect(script.calls).toEqual([])
    const other = guardDriver(script.driver, () => {})
    script.hold = async (method) => {
      if (method === 'open') throw new Error('half open')
    }
    await expect(other.open(signal)).rejects.toThrow('half open')
    await other.close(signal)
    expect(script.calls).toEqual(['open', 'close'])
  })

  test('closes producers, then consumers, then itself, all once', async () => {
    await driver.open(signal)
    const consumer = await createConsumer()
    const producer = await createProducer()
    await createProducer()
    await Promise.all([driver.close(signal), driver.close(signal)])
    await producer.close(signal)
    await consumer.close(signal)
    await driver.close(signal)
    expect(script.calls.slice(-4)).toEqual(['producer.close', 'producer.close', 'consumer.close', 'close'])
  })

  test('close aborts what is under way and closes what it leaves behind', async () => {
    await driver.open(signal)
    script.hold = async (method, held) => {
      if (method !== 'createProducer') return
      // A driver that finishes its work though it is aborted.
      await new Promise<void>((resolve) => held.addEventListener('abort', () => resolve()))
    }
    const making = createProducer()
    const closing = driver.close(signal)
    await expect(making).rejects.toThrow('expected an open driver')
    await closing
    expect(script.calls).toEqual(['open', 'createProducer', 'producer.close', 'close'])
  })

  test('close during open ends the open', async () => {
    script.hold = async (method, held) => {
      if (method === 'open')
        await new Promise((_, reject) => held.addEventListener('abort', () => reject(held.reason)))
    }
    const opening = driver.open(signal)
    const closing = driver.close(signal)
    await expect(opening).rejects.toThrow('closed')
    await closing
  })

  test('close does not wait beyond its signal for what hangs', async () => {
    await driver.open(signal)
    script.hold = (method) => (method === 'createTopics' ? new Promise(() => {}) : Promise.resolve())
    driver.createTopics([], signal).catch(() => {})
    await driver.close(AbortSignal.timeout(20))
    expect(script.calls.at(-1)).toBe('close')
  })

  test('a part that fails to close does not keep the rest open', async () => {
    await driver.open(signal)
    await createProducer()
    script.hold = (method) =>
      method === 'producer.close' ? Promise.reject(new Error('stuck')) : Promise.resolve()
    await expect(driver.close(signal)).rejects.toThrow('stuck')
    expect(script.calls.at(-1)).toBe('close')
  })
})

const settled: [number, number, string, string | undefined][] = []
let writable = 0

function createProducer(): Promise<Producer> {
  settled.length = 0
  writable = 0
  return driver.createProducer(
    {
      topic: 't',
      partitions: 1,
      name: 'p',
      onSettled: (first, count, outcome, reason) => settled.push([first, count, outcome, reason]),
      onWritable() {
        writable++
      },
    },
    signal,
  )
}

describe('producer', () => {
  let producer: Producer
  beforeEach(async () => {
    await driver.open(signal)
    producer = await createProducer()
  })

  const settle = (first: number, count: number) =>
    script.producerSpec!.onSettled(first, count, 'acknowledged')

  test('passes settlements on, in any order and in parts', () => {
    expect(producer.send(batchOf(0, 10))).toBe(10)
    expect(producer.send(batchOf(10, 10))).toBe(10)
    for (const [first, count] of [
      [12, 3],
      [0, 5],
      [15, 5],
      [5, 7],
    ] as const) {
      settle(first, count)
    }
    expect(settled.map(([first, count]) => [first, count])).toEqual([
      [12, 3],
      [0, 5],
      [15, 5],
      [5, 7],
    ])
    expect(breaches).toEqual([])
  })

  test('settled early: reported, and held until send has returned', async () => {
    script.accept = (offered) => {
      settle(0, offered)
      return offered
    }
    producer.send(batchOf(0, 4))
    expect(settled).toEqual([])
    await Promise.resolve()
    expect(settled).toEqual([[0, 4, 'acknowledged', undefined]])
    expect(breaches).toEqual(['settled early: producer p settled sequence 0 before send had returned'])
  })

  test('an earlier batch may be settled inside send', () => {
    producer.send(batchOf(0, 4))
    script.accept = (offered) => {
      settle(0, 4)
      return offered
    }
    producer.send(batchOf(4, 4))
    expect(settled).toEqual([[0, 4, 'acknowledged', undefined]])
    expect(breaches).toEqual([])
  })

  test('settled beyond what was accepted: the rest is dropped and reported', () => {
    script.accept = () => 3
    expect(producer.send(batchOf(0, 10))).toBe(3)
    settle(0, 10)
    expect(settled).toEqual([[0, 3, 'acknowledged', undefined]])
    expect(breaches).toEqual(['unknown sequence settled: producer p settled 9, never accepted'])
  })

  test('settled twice: the second is dropped, each kind is reported once and counted at the end', async () => {
    producer.send(batchOf(0, 10))
    settle(0, 6)
    settle(4, 6)
    settle(0, 10)
    expect(settled.map(([first, count]) => [first, count])).toEqual([
      [0, 6],
      [6, 4],
    ])
    expect(breaches).toEqual(['settled twice: producer p settled a part of 4 … 9 again'])
    await driver.close(signal)
    expect(breaches.at(-1)).toBe('settled twice: 2 times in all')
  })

  test('nonsense ranges are dropped', () => {
    producer.send(batchOf(0, 10))
    for (const [first, count] of [
      [Number.NaN, 1],
      [0, 0],
      [0, -1],
      [0.5, 1],
    ] as const) {
      settle(first, count)
    }
    expect(settled).toEqual([])
    expect(breaches).toHaveLength(1)
  })

  test('accepted more than offered, or nonsense: clamped and reported', () => {
    script.accept = () => 11
    expect(producer.send(batchOf(0, 10))).toBe(10)
    script.accept = () => -1
    expect(producer.send(batchOf(10, 10))).toBe(0)
    script.accept = () => Number.NaN
    expect(producer.send(batchOf(10, 10))).toBe(0)
    expect(breaches).toEqual(['accepted more than offered: producer p answered 11 to 10 messages'])
  })

  test('never settled: reported on close and settled as unknown', async () => {
    producer.send(batchOf(0, 10))
    settle(3, 4)
    await producer.close(signal)
    expect(settled.slice(1)).toEqual([
      [0, 3, 'unknown', 'never settled'],
      [7, 3, 'unknown', 'never settled'],
    ])
    expect(breaches).toEqual(['never settled: producer p was closed with 6 messages unsettled'])
  })

  test('the books balance though close fails', async () => {
    producer.send(batchOf(0, 2))
    script.hold = () => Promise.reject(new Error('stuck'))
    await expect(producer.close(signal)).rejects.toThrow('stuck')
    expect(settled).toEqual([[0, 2, 'unknown', 'never settled']])
  })

  test('settled after close: dropped and reported', async () => {
    producer.send(batchOf(0, 2))
    settle(0, 2)
    await producer.close(signal)
    settle(0, 2)
    expect(settled).toHaveLength(1)
    expect(breaches).toEqual(['settled after close: producer p settled sequence 0'])
  })

  test('writable from inside send: reported and called later', async () => {
    script.accept = () => {
      script.producerSpec!.onWritable()
      return 0
    }
    producer.send(batchOf(0, 2))
    expect(writable).toBe(0)
    await Promise.resolve()
    expect(writable).toBe(1)
    expect(breaches).toEqual(['writable inside send: producer p called onWritable from inside send'])
  })

  test('the mistakes of the caller throw', async () => {
    producer.send(batchOf(0, 10))
    expect(() => producer.send(batchOf(5, 10))).toThrow('expected sequence 10 or later')
    settle(0, 10)
    await producer.close(signal)
    expect(() => producer.send(batchOf(10, 1))).toThrow('no send after close')
    producer.flush()
    expect(script.calls).not.toContain('flush')
  })
})

const seen: IncomingBatch[] = []

function createConsumer(): Promise<Consumer> {
  seen.length = 0
  return driver.createConsumer(
    {
      topic: 't',
      partitions: 1,
      subscription: 's',
      name: 'c',
      startAt: 'latest',
      consumersOfSubscription: 1,
      indexInSubscription: 0,
      onBatch(batch) {
        seen.push(batch)
        batch.value(0)
      },
      onError() {},
    },
    signal,
  )
}

describe('consumer', () => {
  let acknowledged = 0
  const deliver = () => {
    script.consumerSpec!.onBatch({
      count: 1,
      value: () => new Uint8Array(1),
      partition: () => 0,
      redelivered: () => false,
      acknowledge() {
        acknowledged++
      },
    })
  }
  beforeEach(async () => {
    acknowledged = 0
    await driver.open(signal)
  })

  test('a batch is readable during its callback only, and may be acknowledged later', async () => {
    await createConsumer()
    deliver()
    for (const read of ['value', 'partition', 'redelivered'] as const) {
      expect(() => seen[0]![read](0)).toThrow('during their callback')
    }
    seen[0]!.acknowledge()
    expect(acknowledged).toBe(1)
    expect(breaches).toEqual([])
  })

  test('delivered before ready: reported, but handed on', async () => {
    script.hold = async (method) => {
      if (method === 'createConsumer') deliver()
    }
    await createConsumer()
    expect(seen).toHaveLength(1)
    expect(breaches).toEqual(['delivered before ready: consumer c got 1 messages'])
  })

  test('delivered after close: reported and dropped; a late acknowledgement is ignored', async () => {
    const consumer = await createConsumer()
    deliver()
    await consumer.close(signal)
    deliver()
    expect(seen).toHaveLength(1)
    seen[0]!.acknowledge()
    expect(acknowledged).toBe(0)
    expect(breaches).toEqual(['delivered after close: consumer c got 1 messages'])
  })

  test('pause and resume after close reach nobody', async () => {
    const consumer = await createConsumer()
    await consumer.close(signal)
    consumer.pause()
    consumer.resume()
    expect(script.calls).toEqual(['open', 'createConsumer', 'consumer.close'])
  })
})
