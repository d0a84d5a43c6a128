// Goal: who gets what when consumers compete, are slow, paused or leave. Method: one subscription on a simulated clock.
import { expect, test } from 'bun:test'
import { SimClock } from '../../../src/clock/sim-clock.ts'
import type { FakeShape } from '../../../src/driver/fake/options.ts'
import {
  createSubscription,
  type Delivery,
  type Emission,
  type Receiver,
  type Subscription,
} from '../../../src/driver/fake/subscription.ts'

const PREFETCH = 1000

interface Consumer {
  readonly receiver: Receiver
  readonly deliveries: Delivery[]
  /** Indices of the messages it got. */
  indices(): number[]
}

function attach(subscription: Subscription, index: number, count: number): Consumer {
  const deliveries: Delivery[] = []
  const receiver = subscription.attach(index, count, (delivery) => deliveries.push(delivery))
  receiver.resume()
  return {
    receiver,
    deliveries,
    indices: () => deliveries.flatMap((delivery) => delivery.emissions.map((emission) => emission.index)),
  }
}

function emission(index: number, receiver: Emission['receiver'] = 'any', partition = 0): Emission {
  return { index, value: new Uint8Array(1), partition, stream: partition, receiver, redelivered: false }
}

function create(shape: FakeShape): { clock: SimClock; subscription: Subscription } {
  const clock = new SimClock()
  return { clock, subscription: createSubscription(clock, shape, 0) }
}

test('a consumer has at most its prefetch unacknowledged', async () => {
  const { clock, subscription } = create('log')
  const { receiver, deliveries, indices } = attach(subscription, 0, 1)
  for (let i = 0; i < PREFETCH + 10; i++) subscription.push(emission(i))
  subscription.pump()
  expect(indices()).toHaveLength(PREFETCH)
  expect(subscription.backlog).toBe(10)
  receiver.acknowledge(deliveries[0]!.id)
  expect(indices()).toHaveLength(PREFETCH)
  await clock.advanceTo(1)
  expect(indices()).toEqual(Array.from({ length: PREFETCH + 10 }, (_, i) => i))
})

test('the copy of a duplicate waits for another consumer that is only busy', async () => {
  const { clock, subscription } = create('queue')
  const slow = attach(subscription, 0, 2)
  const quick = attach(subscription, 1, 2)
  for (let i = 0; i < 2 * PREFETCH; i++) subscription.push(emission(i))
  subscription.pump()
  for (const { id } of quick.deliveries) quick.receiver.acknowledge(id)
  subscription.push(emission(9000))
  subscription.push(emission(9000, 'another'))
  subscription.pump()
  expect(quick.indices().at(-1)).toBe(9000)
  expect(slow.indices()).not.toContain(9000)
  slow.receiver.acknowledge(slow.deliveries[0]!.id)
  await clock.advanceTo(1)
  expect(slow.indices().at(-1)).toBe(9000)
})

test('the copy goes to the same consumer when the other one is paused or gone', () => {
  for (const step of ['pause', 'detach'] as const) {
    const { subscription } = create('queue')
    const first = attach(subscription, 0, 2)
    attach(subscription, 1, 2).receiver[step]()
    subscription.push(emission(1))
    subscription.push(emission(1, 'another'))
    subscription.pump()
    expect(first.indices()).toEqual([1, 1])
  }
})

test('both messages of a swap go to one of competing consumers', () => {
  const { subscription } = create('queue')
  const consumers = [attach(subscription, 0, 2), attach(subscription, 1, 2)]
  subscription.push(emission(2))
  subscription.push(emission(1, 'same'))
  subscription.pump()
  expect(consumers.map((consumer) => consumer.indices())).toEqual([[2, 1], []])
})

test('what a consumer leaves behind comes first, in order, and marked', async () => {
  const { clock, subscription } = create('queue')
  const first = attach(subscription, 0, 1)
  first.receiver.resume()
  for (let i = 0; i < 4; i++) {
    subscription.push(emission(i))
    subscription.pump()
  }
  first.receiver.acknowledge(first.deliveries[1]!.id)
  first.receiver.detach()
  first.receiver.detach()
  subscription.push(emission(4))
  const second = attach(subscription, 0, 1)
  await clock.advanceTo(1)
  const came = second.deliveries.flatMap((delivery) => delivery.emissions)
  expect(came.map(({ index, redelivered }) => [index, redelivered])).toEqual([
    [0, true],
    [2, true],
    [3, true],
    [4, false],
  ])
})

test('a place in a log or a fan-out is taken once', () => {
  for (const shape of ['log', 'fanout'] as const) {
    const { subscription } = create(shape)
    attach(subscription, 0, 2)
    expect(() => attach(subscription, 0, 2)).toThrow('twice')
  }
})

test('a fan-out without the receiver of a stream keeps nothing for it', () => {
  const { subscription } = create('fanout')
  const zero = attach(subscription, 0, 2)
  for (let i = 0; i < 4; i++) subscription.push(emission(i, 'any', i))
  subscription.pump()
  expect(zero.indices()).toEqual([0, 2])
  expect(subscription.backlog).toBe(0)
})
