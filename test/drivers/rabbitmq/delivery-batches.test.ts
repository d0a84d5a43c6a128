// Goal: acknowledgements reach exactly the messages of their batch, in whatever order batches are acknowledged.
// Method: a property test applies the written basic.ack frames to a model of the broker's unacknowledged tags.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createDeliveryBatches } from '../../../src/drivers/rabbitmq/delivery-batches.ts'
import { ACK_FRAME_BYTES } from '../../../src/drivers/rabbitmq/frame-writer.ts'

/** The broker's view: tags not yet acknowledged; an unknown tag would close the channel. */
function brokerModel() {
  const open = new Set<number>()
  let frames = 0
  return {
    open,
    frames: () => frames,
    read(bytes: Buffer) {
      for (let at = 0; at < bytes.length; at += ACK_FRAME_BYTES) {
        frames++
        const tag = bytes.readUInt32BE(at + 15)
        if (!open.has(tag)) throw new Error(`PRECONDITION_FAILED - unknown delivery tag ${tag}`)
        const multiple = bytes[at + 19] === 1
        for (const each of [...open]) if (each === tag || (multiple && each < tag)) open.delete(each)
      }
    },
  }
}

function setUp(sizes: readonly number[], multiple: boolean) {
  const broker = brokerModel()
  const batches = createDeliveryBatches({ manual: true, multiple, channel: () => 1, write: broker.read })
  let tag = 0
  const made = sizes.map((size) => {
    const tags: number[] = []
    for (let i = 0; i < size; i++) {
      tags.push(++tag)
      broker.open.add(tag)
      batches.add(0, tag, false, Buffer.from([i]))
    }
    return { batch: batches.take()!, tags }
  })
  return { broker, batches, made }
}

test('acknowledges its own messages and no others, in any order', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(7), { maxLength: 12 }), fc.boolean(), (counts, order, multiple) => {
      const { broker, made } = setUp(counts, multiple)
      const expected = new Set(broker.open)
      for (const index of order) {
        const chosen = made[index]
        if (chosen === undefined) continue
        chosen.batch.acknowledge()
        for (const tag of chosen.tags) expected.delete(tag)
        expect(broker.open).toEqual(expected)
      }
    }),
  )
})

test('in order, a batch costs one frame; single acknowledgements cost one a message', () => {
  for (const [multiple, frames] of [[true, 2] as const, [false, 7] as const]) {
    const { broker, made } = setUp([3, 4], multiple)
    for (const { batch } of made) batch.acknowledge()
    expect(broker.open.size).toBe(0)
    expect(broker.frames()).toBe(frames)
  }
})

test('after a reset old batches acknowledge nothing, and views end with release', () => {
  const { broker, batches, made } = setUp([2], true)
  batches.reset()
  made[0]!.batch.acknowledge()
  expect(broker.frames()).toBe(0)
  expect([...made[0]!.batch.value(1)]).toEqual([1])
  made[0]!.batch.release()
  expect(() => made[0]!.batch.value(0)).toThrow('not there any more')
})
