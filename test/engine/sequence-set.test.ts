// Goal: the set is a set, in little memory. Method: properties against a JavaScript Set, over numbers that come in
// order, in runs around the chunk borders, and at random; sizes measured for a shared subscription.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { deserialiseSet, serialiseSet } from '../../src/engine/sequence-codec.ts'
import { SequenceSet } from '../../src/engine/sequence-set.ts'

const CHUNK = 65_536
const starts = fc.oneof(
  fc.constantFrom(0, CHUNK - 40, CHUNK, 2 * CHUNK - 1, 3 * CHUNK - 70, 2 ** 33 - 20),
  fc.nat({ max: 300 }),
)
const runs = fc.array(fc.tuple(starts, fc.integer({ min: 1, max: 90 })), { maxLength: 12 })
const wholeChunk: [number, number] = [CHUNK, CHUNK]

function filled(list: readonly (readonly [number, number])[]): { set: SequenceSet; naive: Set<number> } {
  const set = new SequenceSet()
  const naive = new Set<number>()
  for (const [first, count] of list) {
    for (let s = first; s < first + count; s++) {
      expect(set.add(s)).toBe(!naive.has(s))
      naive.add(s)
    }
  }
  return { set, naive }
}

function gapsOf(set: SequenceSet, end: number): number[] {
  const missing: number[] = []
  set.forEachGap(end, (first, count) => {
    for (let s = first; s < first + count; s++) missing.push(s)
  })
  return missing
}

function missingOf(naive: ReadonlySet<number>, end: number): number[] {
  return Array.from({ length: end }, (_, s) => s).filter((s) => !naive.has(s))
}

function expectSame(set: SequenceSet, naive: ReadonlySet<number>): void {
  expect(set.count).toBe(naive.size)
  for (const s of naive) if (!set.has(s)) throw new Error(`${s} is missing`)
  for (const [first, count] of [
    [0, 400],
    [CHUNK - 50, 200],
    [2 * CHUNK - 33, 70],
    [2 ** 33 - 64, 128],
  ] as const) {
    let expected = 0
    for (let s = first; s < first + count; s++) if (naive.has(s)) expected++
    expect(set.countInRange(first, count)).toBe(expected)
  }
}

describe('SequenceSet', () => {
  test('adds, counts and tells new from known like a Set', () => {
    fc.assert(
      fc.property(runs, (list) => {
        const { set, naive } = filled(list)
        expectSame(set, naive)
        let prefix = 0
        while (naive.has(prefix)) prefix++
        expect(set.prefix).toBe(prefix)
      }),
    )
  })

  test('lists the gaps', () => {
    fc.assert(
      fc.property(runs, fc.nat({ max: 3 * CHUNK }), (list, end) => {
        const { set, naive } = filled(list)
        expect(gapsOf(set, end)).toEqual(missingOf(naive, end))
      }),
      { numRuns: 30 },
    )
  })

  test('unites like a Set, full chunks included', () => {
    fc.assert(
      fc.property(runs, runs, fc.boolean(), fc.boolean(), (a, b, fullA, fullB) => {
        const one = filled(fullA ? [...a, wholeChunk] : a)
        const two = filled(fullB ? [wholeChunk, ...b, [0, 40]] : b)
        one.set.union(two.set)
        const both = new Set([...one.naive, ...two.naive])
        expectSame(one.set, both)
        expect(gapsOf(one.set, 1000)).toEqual(missingOf(both, 1000))
        // It goes on as a set should.
        expect(one.set.add(500)).toBe(!both.has(500))
      }),
      { numRuns: 40 },
    )
  })

  test('travels as bytes', () => {
    fc.assert(
      fc.property(runs, fc.boolean(), (list, full) => {
        const { set, naive } = filled(full ? [...list, wholeChunk] : list)
        const copy = deserialiseSet(serialiseSet(set))
        expectSame(copy, naive)
        expect(copy.prefix).toBe(set.prefix)
      }),
      { numRuns: 40 },
    )
    expect(() => deserialiseSet(new Uint8Array(3))).toThrow('expected a serialised set')
  })

  test('numbers in order cost nothing, however many', () => {
    const set = new SequenceSet()
    for (let s = 0; s < 1_000_000; s++) set.add(s)
    expect(set.memoryBytes).toBeLessThan(1000)
    // A late first message, then everything in order again.
    const late = new SequenceSet()
    for (let s = 1; s < 1_000_000; s++) late.add(s)
    expect(late.memoryBytes).toBeLessThan(16 * 1024)
    expect(late.add(0)).toBe(true)
    expect(late.memoryBytes).toBeLessThan(1000)
    expect(late.prefix).toBe(1_000_000)
  })

  test('every other number of a billion would take at most 256 MB', () => {
    const set = new SequenceSet()
    const sample = 4_000_000
    for (let s = 0; s < sample; s += 2) set.add(s)
    expect((set.memoryBytes / sample) * 1e9).toBeLessThan(256 * 1024 * 1024)
    expect((serialiseSet(set).length / sample) * 1e9).toBeLessThan(256 * 1024 * 1024)
  })

  test('a short stream takes a short bitmap', () => {
    const set = new SequenceSet()
    for (let s = 1; s < 200; s += 2) set.add(s)
    expect(set.memoryBytes).toBeLessThan(600)
  })
})
