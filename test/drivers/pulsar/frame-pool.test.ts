// Goal: memory of frames is used again for frames of nearly the same size, and never for two at once.
// Method: frames are taken and given back in random order; each holds its own number as long as it is taken.
import { expect, test } from 'bun:test'
import { giveFrameBack, takeFrame } from '../../../src/drivers/pulsar/client/frame-pool.ts'

test('a frame that was given back lends its memory to the next of its size', () => {
  const first = takeFrame(130_000)
  giveFrameBack(first)
  const second = takeFrame(130_001)
  expect(second.length).toBe(130_001)
  expect(second.buffer).toBe(first.buffer)
  expect(takeFrame(130_000).buffer).not.toBe(second.buffer)
})

test('no two frames share memory', () => {
  const taken: { frame: Buffer; mark: number }[] = []
  for (let i = 0; i < 2000; i++) {
    // Small ones, and several sizes that are pooled, in an order that mixes them.
    const frame = takeFrame(100 + ((i * 7919) % 60_000))
    const mark = i % 251
    frame.fill(mark)
    taken.push({ frame, mark })
    if (taken.length < 20) continue
    const [given] = taken.splice((i * 31) % taken.length, 1)
    expect(given!.frame.equals(Buffer.alloc(given!.frame.length, given!.mark))).toBe(true)
    giveFrameBack(given!.frame)
  }
})
