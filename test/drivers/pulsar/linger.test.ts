// Goal: a batch waits for others no longer than it must, and batches that are not full keep their distance in time.
// Method: a scripted broker that counts what it is sent, and a delay that no test lives to see the end of.
import { afterEach, expect, test } from 'bun:test'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { clientOf, producerOf, serve, stopAll, until } from './scripted-client.ts'

afterEach(stopAll)

const NEVER_MS = 60_000

async function lingering() {
  const broker = serve()
  const made = await producerOf(clientOf(broker), { batchDelayMs: NEVER_MS })
  /** Messages of each batch that has come; the number is left out where it is 1. */
  const batches = () =>
    broker.heard.filter(({ type }) => type === TYPE.SEND).map(({ numbers }) => numbers[3] ?? 1)
  const settled = (count: number) => until(`${count} settled`, () => made.books.outcomes.size === count)
  return { ...made, batches, settled }
}

test('after a pause a batch goes at the end of the turn, with all that was sent in it', async () => {
  const { send, batches, settled } = await lingering()
  send(0, 2)
  send(2, 3)
  expect(batches()).toEqual([])
  await settled(5)
  expect(batches()).toEqual([5])
})

test('within the delay of the last one a batch lingers until it is full or flushed', async () => {
  const { producer, send, batches, settled } = await lingering()
  send(0, 1)
  await settled(1)
  send(1, 4)
  // Any number of turns would do: only the delay or more messages end the wait.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  send(5, 8)
  await settled(11)
  expect(batches()).toEqual([1, 10])
  producer.flush()
  await settled(13)
  expect(batches()).toEqual([1, 10, 2])
})

test('a full batch counts as the last one', async () => {
  const { producer, send, batches, settled } = await lingering()
  send(0, 12)
  await settled(10)
  expect(batches()).toEqual([10])
  producer.flush()
  await settled(12)
  expect(batches()).toEqual([10, 2])
})
