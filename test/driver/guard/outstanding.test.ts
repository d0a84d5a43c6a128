// Goal: the books of a producer are right in any order of settlement, and small. Method: a property test against a plain
// set of numbers, with partial, overlapping and foreign ranges.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createOutstanding } from '../../../src/driver/guard/outstanding.ts'

const step = fc.record({
  add: fc.boolean(),
  gap: fc.integer({ min: 0, max: 3 }),
  first: fc.integer({ min: 0, max: 120 }),
  count: fc.integer({ min: 1, max: 20 }),
})

test('takes exactly what is held, each number once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const outstanding = createOutstanding()
      const model = new Set<number>()
      let next = 0
      const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)
      for (const { add, gap, first, count } of steps) {
        if (add) {
          outstanding.add(next + gap, count)
          for (const sequence of range(next + gap, count)) model.add(sequence)
          next += gap + count
        } else {
          const taken: number[] = []
          const removed = outstanding.take(first, count, (from, length) => taken.push(...range(from, length)))
          const wanted = range(first, count).filter((sequence) => model.delete(sequence))
          expect(taken).toEqual(wanted)
          expect(removed).toBe(wanted.length)
        }
        expect(outstanding.count).toBe(model.size)
      }
      const left: number[] = []
      outstanding.drain((first, count) => left.push(...range(first, count)))
      expect(left).toEqual([...model].sort((a, b) => a - b))
      expect(outstanding.count).toBe(0)
      expect(outstanding.ranges).toBe(0)
    }),
    { numRuns: 500 },
  )
})

test('holds one range while all goes in order, and no more than are in flight otherwise', () => {
  const outstanding = createOutstanding()
  for (let i = 0; i < 10_000; i++) {
    outstanding.add(i * 10, 10)
    if (i >= 5) outstanding.take((i - 5) * 10, 10, () => {})
    expect(outstanding.ranges).toBe(1)
  }
  for (let i = 0; i < 5; i++) outstanding.take(10_000 * 10 - 50 + i * 10 + 4, 2, () => {})
  expect(outstanding.ranges).toBe(6)
})

test('may be added to while it hands over', () => {
  const outstanding = createOutstanding()
  outstanding.add(0, 10)
  outstanding.take(0, 10, () => outstanding.add(10, 5))
  expect(outstanding.count).toBe(5)
})
