// Goal: whatever bytes come, reading them ends with frames or one clear error: no crash, no hang, no large allocation.
// Method: 20,000 mutated frames with a fixed seed; only the client's own error may be thrown, memory stays bounded.
// `perf/proof-pulsar-fuzz.ts` does the same a million times.
import { expect, test } from 'bun:test'
import { type FuzzCounts, mutate, readAll, seeded, validFrames } from './mutated-frames.ts'

const CASES = 20_000
const MAX_GROWTH_BYTES = 256 * 1024 * 1024

test('the frames that are mutated are right before', () => {
  const counts: FuzzCounts = { read: 0, refused: 0 }
  const frames = validFrames()
  for (const frame of frames) readAll(frame, 3, counts)
  expect(counts).toEqual({ read: frames.length, refused: 0 })
})

test('mutated frames are read or refused', () => {
  const random = seeded(20_261_121)
  const frames = validFrames()
  const counts: FuzzCounts = { read: 0, refused: 0 }
  const before = process.memoryUsage().rss
  for (let i = 0; i < CASES; i++) {
    const stream = mutate(frames[random(frames.length)]!, random)
    readAll(stream, random(stream.length + 1), counts)
  }
  // Both happen often, else the mutations reach nothing.
  expect(counts.read).toBeGreaterThan(CASES / 20)
  expect(counts.refused).toBeGreaterThan(CASES / 20)
  expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES)
}, 120_000)
