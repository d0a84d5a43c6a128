// Goal: faults never touch each other and find their place, whatever the streams look like. Method: the planner alone,
// over many seeds, fed with streams that come back, that never come back, and one after another.
import { expect, test } from 'bun:test'
import { type FaultKind, planFaults } from '../../../src/driver/fake/faults.ts'

const COUNTS = { lose: 3, duplicate: 4, swap: 5, corrupt: 2, acknowledgeAndDrop: 6 }
const TOTAL = 20
const WINDOW = 6 * TOTAL
const SEEDS = 200

function plan(seed: number, streamOf: (index: number) => string, messages = WINDOW) {
  const planner = planFaults({ seed, window: WINDOW, ...COUNTS })
  const kinds = Array.from({ length: messages }, (_, index) => planner.next(streamOf(index)))
  return { planner, kinds }
}

function count(kinds: readonly (FaultKind | null)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of kinds) if (kind !== null) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

test('every fault falls within the window, in one stream or in several', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const streams of [1, 2, 7]) {
      expect(count(plan(seed, (index) => `s${index % streams}`).kinds)).toEqual(COUNTS)
    }
  }
})

test('no fault is the neighbour of another one in its stream, nor of the second message of a swap', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const streams of [1, 3]) {
      const { kinds } = plan(seed, (index) => `s${index % streams}`)
      for (const [index, kind] of kinds.entries()) {
        if (kind === null) continue
        expect(kinds[index + streams] ?? null).toBeNull()
        if (kind === 'swap') expect(kinds[index + 2 * streams] ?? null).toBeNull()
      }
    }
  }
})

test('the first message of a stream is never held for a swap: there may be no second', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { planner, kinds } = plan(seed, (index) => `unique-${index}`)
    expect(count(kinds)).toEqual({ ...COUNTS, swap: undefined } as unknown as Record<string, number>)
    expect(planner.open).toBe(COUNTS.swap)
  }
})

test('a swap that found no second message is tried again', () => {
  const { planner } = plan(1, () => 's')
  expect(planner.open).toBe(0)
  planner.retrySwap()
  expect(planner.open).toBe(1)
  const more = Array.from({ length: 5 }, () => planner.next('s'))
  expect(count(more)).toEqual({ swap: 1 })
})
