// Goal: the window settles every message exactly once, in ranges, whatever the order of the broker's answers.
// Method: a property test plays random confirms, nacks and returns against a plain map; examples pin the details.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Outcome } from '../../../src/driver/driver.ts'
import { createConfirmWindow } from '../../../src/drivers/rabbitmq/confirm-window.ts'

function book() {
  const outcomes = new Map<number, Outcome>()
  const ranges: [number, number, Outcome, string | undefined][] = []
  const onSettled = (first: number, count: number, outcome: Outcome, reason?: string) => {
    ranges.push([first, count, outcome, reason])
    for (let i = first; i < first + count; i++) {
      if (outcomes.has(i)) throw new Error(`${i} settled twice`)
      outcomes.set(i, outcome)
    }
  }
  return { outcomes, ranges, onSettled }
}

test('settles each message once under random answers', () => {
  const answer = fc.record({
    tag: fc.nat(40),
    multiple: fc.boolean(),
    refused: fc.boolean(),
    settle: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 60 }), fc.integer({ min: 1, max: 30 }), (answers, capacity) => {
      const { outcomes, onSettled } = book()
      const window = createConfirmWindow(capacity, onSettled)
      const expected = new Map<number, Outcome>()
      let sent = 0
      for (const { tag, multiple, refused, settle } of answers) {
        while (window.room() > 0 && sent < 200) window.add(1000 + sent++, Buffer.from([sent]))
        if (tag >= 1 && tag <= sent) {
          const outcome = refused ? 'rejected' : 'acknowledged'
          for (let each = multiple ? 1 : tag; each <= tag; each++) {
            if (!expected.has(999 + each)) expected.set(999 + each, outcome)
          }
        }
        if (tag <= sent) window.confirmed(tag, multiple, refused)
        if (settle) window.settle()
      }
      window.settle()
      expect(outcomes).toEqual(expected)
      expect(window.outstanding).toBe(sent - expected.size)
      window.abandon('unknown', 'connection lost')
      expect(outcomes.size).toBe(sent)
      expect(window.outstanding).toBe(0)
      expect(window.outstandingBytes).toBe(0)
      expect(window.room()).toBe(capacity)
    }),
  )
})

test('neighbours become one range, whatever the order of the confirms', () => {
  const { ranges, onSettled } = book()
  const window = createConfirmWindow(8, onSettled)
  for (let i = 0; i < 5; i++) window.add(70 + i, Buffer.alloc(1))
  window.confirmed(3, false, false)
  window.confirmed(2, true, false)
  window.confirmed(5, false, true)
  window.settle()
  expect(ranges).toEqual([
    [70, 3, 'acknowledged', undefined],
    [74, 1, 'rejected', 'refused by the broker'],
  ])
})

test('a returned message is rejected by its confirm; equal bodies are told apart by number only', () => {
  const { ranges, onSettled } = book()
  const window = createConfirmWindow(8, onSettled)
  const bodies = ['a', 'b', 'b', 'c'].map((text) => Buffer.from(text))
  for (const [i, body] of bodies.entries()) window.add(i, body)
  window.returned(Buffer.from('b'))
  window.returned(Buffer.from('b'))
  window.confirmed(4, true, false)
  window.settle()
  expect(ranges).toEqual([
    [0, 1, 'acknowledged', undefined],
    [1, 2, 'rejected', 'unroutable'],
    [3, 1, 'acknowledged', undefined],
  ])
})
