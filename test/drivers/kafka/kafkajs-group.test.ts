// Goal: a member of kafkajs whose join fails leaves its group, whatever leaving answers, and the failure is the join's.
// Method: kafkajs' own member, with a join that fails; on real brokers it does so only when one of them is slow.
import { expect, test } from 'bun:test'
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js'
import { loadKafkajs } from '../../../src/drivers/kafka/clients/kafkajs-library.ts'

async function joinOf(join: () => Promise<void>, leave: () => Promise<void>): Promise<unknown> {
  await loadKafkajs()
  const member = { retrier: join, leave }
  return ConsumerGroup.prototype.joinAndSync.call(member as never).then(
    () => 'joined',
    (error: Error) => error.message,
  )
}

test('it leaves, and tells why the join failed', async () => {
  let left = 0
  const leave = async () => {
    left++
  }
  expect(await joinOf(() => Promise.reject(new Error('no such topic')), leave)).toBe('no such topic')
  expect(left).toBe(1)
  const failing = () => Promise.reject(new Error('no such member'))
  expect(await joinOf(() => Promise.reject(new Error('no such topic')), failing)).toBe('no such topic')
})

test('one that joined stays', async () => {
  let left = 0
  const leave = async () => {
    left++
  }
  expect(await joinOf(async () => {}, leave)).toBe('joined')
  expect(left).toBe(0)
})
