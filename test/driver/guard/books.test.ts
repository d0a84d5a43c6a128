// Goal: whatever a driver settles, and whenever, the engine learns the outcome of every accepted message exactly once
// and never before `send` has returned. Method: a property test with a driver that answers and settles at random.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { guardDriver } from '../../../src/driver/guard.ts'
import { scriptedDriver } from '../scripted-driver.ts'

const signal = new AbortController().signal

const range = fc.record({
  offset: fc.integer({ min: -30, max: 15 }),
  count: fc.integer({ min: -1, max: 20 }),
})
const action = fc.record({
  offered: fc.integer({ min: 1, max: 10 }),
  answer: fc.integer({ min: -1, max: 12 }),
  insideSend: fc.array(range, { maxLength: 3 }),
  afterSend: fc.array(range, { maxLength: 4 }),
})

test('every accepted message is settled exactly once, after its send', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      const script = scriptedDriver()
      const driver = guardDriver(script.driver, () => {})
      const settled = new Map<number, number>()
      let next = 0
      let returned = 0
      await driver.open(signal)
      const producer = await driver.createProducer(
        {
          topic: 't',
          partitions: 1,
          name: 'p',
          onSettled(first, count) {
            for (let i = first; i < first + count; i++) {
              expect(i).toBeLessThan(returned)
              settled.set(i, (settled.get(i) ?? 0) + 1)
            }
          },
          onWritable() {},
        },
        signal,
      )
      const settle = ({ offset, count }: { offset: number; count: number }) => {
        script.producerSpec!.onSettled(next + offset, count, 'acknowledged')
      }
      for (const { offered, answer, insideSend, afterSend } of actions) {
        script.accept = () => {
          insideSend.forEach(settle)
          return answer
        }
        const values = new Array(offered).fill(Buffer.from('x'))
        const taken = producer.send({
          firstSequence: next,
          count: offered,
          partition: -1,
          values,
          keys: null,
        })
        expect(taken).toBe(answer < 0 ? 0 : Math.min(answer, offered))
        next += taken
        returned = next
        afterSend.forEach(settle)
        await Promise.resolve()
      }
      await driver.close(signal)
      for (let sequence = 0; sequence < next; sequence++) expect(settled.get(sequence)).toBe(1)
      expect(settled.size).toBe(next)
    }),
    { numRuns: 300 },
  )
})
