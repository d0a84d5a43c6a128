// Goal: every queue of a subscription has a reader, and none has two unless consumers may compete.
// Method: property tests over all sizes.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { partitionOfKey, partitionsOf } from '../../../src/drivers/rabbitmq/names.ts'

const size = fc.integer({ min: 1, max: 40 })

test('queues are dealt out to all consumers', () => {
  fc.assert(
    fc.property(size, size, fc.boolean(), (consumers, partitions, competing) => {
      const dealt = Array.from({ length: consumers }, (_, i) =>
        partitionsOf(i, consumers, partitions, competing),
      )
      const all = Array.from({ length: partitions }, (_, i) => i)
      expect(new Set(dealt.flat())).toEqual(new Set(all))
      if (competing) expect(dealt.every((own) => own.length > 0)).toBe(true)
      else expect(dealt.flat()).toHaveLength(partitions)
      if (consumers <= partitions) expect(dealt.flat()).toHaveLength(partitions)
    }),
  )
})

test('a key always goes to the same partition, and keys spread', () => {
  fc.assert(
    fc.property(fc.string(), size, (key, partitions) => {
      const partition = partitionOfKey(key, partitions)
      expect(partition).toBe(partitionOfKey(key, partitions))
      expect(partition >= 0 && partition < partitions).toBe(true)
    }),
  )
  const counts = new Array(16).fill(0)
  for (let i = 0; i < 16_000; i++) counts[partitionOfKey(`key-${i}`, 16)]++
  expect(Math.min(...counts)).toBeGreaterThan(700)
})
