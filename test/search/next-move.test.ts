// Goal: the search always ends, within its bounds, and near the true limit, also with noise and one bad moment. Method:
// an oracle stands for the system; by hand for the moves, by fast-check over capacities, noise and bad moments.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { newRandom } from '../../src/engine/random.ts'
import type { SearchEnd } from '../../src/result/search.ts'
import { nextMove } from '../../src/search/next-move.ts'
import { bracketOf, type Try } from '../../src/search/standing.ts'
import { SEARCH_DEFAULTS, type SearchOptions } from '../../src/workload/search.ts'

const OPTIONS: SearchOptions = { ...SEARCH_DEFAULTS, precision: 0.025 }
const STEP_S = 20

type Oracle = (rateHz: number, step: number) => Try['outcome']

function run(oracle: Oracle, changes: Partial<SearchOptions> = {}) {
  const options = { ...OPTIONS, ...changes }
  const tries: (Try & { purpose: string })[] = []
  for (;;) {
    const move = nextMove(options, tries, tries.length * STEP_S)
    if (move.kind === 'end') return { end: move.end, tries, ...bracketOf(tries) }
    expect(move.rateHz).toBeGreaterThanOrEqual(1)
    expect(move.rateHz).toBeLessThanOrEqual(options.maxHz)
    expect(Number.isInteger(move.rateHz)).toBe(true)
    const { rateHz, purpose } = move
    tries.push({ rateHz, purpose, outcome: oracle(rateHz, tries.length) })
    expect(tries.length).toBeLessThanOrEqual(options.maxSteps)
  }
}

const upTo =
  (capacityHz: number): Oracle =>
  (rateHz) =>
    rateHz <= capacityHz ? 'held' : 'refused'

test('grows, bisects, tries the rate refused again, confirms', () => {
  const { end, held, refused, tries } = run(upTo(5_500))
  expect(end).toBe('found')
  expect(tries.map(({ purpose }) => purpose).join(' ')).toBe(
    'grow grow grow grow bisect bisect bisect bisect bisect recheck confirm confirm',
  )
  expect(tries.slice(0, 4).map(({ rateHz }) => rateHz)).toEqual([1_000, 2_000, 4_000, 8_000])
  expect(held!.rateHz).toBeLessThanOrEqual(5_500)
  expect(refused!.rateHz).toBeGreaterThan(5_500)
  expect(refused!.rateHz / held!.rateHz).toBeLessThanOrEqual(1.025)
})

test('below the first rate it shrinks, after one more try of it', () => {
  const { end, held, tries } = run(upTo(130))
  expect(tries.slice(0, 3)).toEqual([
    { rateHz: 1_000, purpose: 'grow', outcome: 'refused' },
    { rateHz: 1_000, purpose: 'recheck', outcome: 'refused' },
    { rateHz: 500, purpose: 'shrink', outcome: 'refused' },
  ])
  expect(end).toBe('found')
  expect(held!.rateHz).toBeGreaterThan(130 / 1.025 - 1)
})

test('a first step that was only slow to warm up costs one step', () => {
  const { tries, held } = run((rateHz, step) => (step === 0 ? 'refused' : upTo(64_000)(rateHz, step)))
  expect(tries[1]).toMatchObject({ purpose: 'recheck', outcome: 'held' })
  expect(tries[2]).toMatchObject({ rateHz: 2_000, purpose: 'grow' })
  expect(held!.rateHz).toBeGreaterThan(62_000)
})

test('a confirmation that fails leads below it', () => {
  let confirmations = 0
  const { end, held, tries } = run((rateHz, step) => {
    const isConfirmation = step >= 10
    if (isConfirmation && confirmations++ === 0) return 'refused'
    return upTo(5_500)(rateHz, step)
  })
  const first = tries.find(({ purpose }) => purpose === 'confirm')!
  expect(end).toBe('found')
  expect(held!.rateHz).toBeLessThan(first.rateHz)
  expect(held!.rateHz).toBeGreaterThan(first.rateHz / 1.06)
})

describe('ends that are not a rate between two others', () => {
  const ends: readonly (readonly [string, Oracle, Partial<SearchOptions>, SearchEnd])[] = [
    ['everything holds', () => 'held', { maxHz: 50_000 }, 'found at maximum'],
    ['nothing holds', () => 'refused', {}, 'nothing held'],
    ['no trial can be run', () => 'unknown', {}, 'not runnable'],
    ['too few steps', upTo(5_500), { maxSteps: 6 }, 'steps used up'],
    ['too little time', upTo(5_500), { maxS: 100 }, 'time used up'],
  ]
  test.each(ends)('%s', (_, oracle, changes, end) => {
    expect(run(oracle, changes).end).toBe(end)
  })

  test('a step that could not be run is tried again', () => {
    const { end, tries } = run((rateHz, step) => (step % 3 === 1 ? 'unknown' : upTo(5_500)(rateHz, step)))
    expect(end).toBe('found')
    expect(tries[1]!.rateHz).toBe(tries[2]!.rateHz)
  })
})

test('without noise the rate found lies within the precision below the limit, whatever that is', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9_000_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      (limit, startHz) => {
        const { end, held, refused } = run(upTo(limit), { startHz, maxSteps: 60 })
        expect(end).toBe('found')
        expect(held!.rateHz).toBeLessThanOrEqual(limit)
        expect(refused!.rateHz).toBeGreaterThan(limit)
        expect(refused!.rateHz <= held!.rateHz * 1.025 || refused!.rateHz === held!.rateHz + 1).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('one bad moment, wherever it falls, does not move the rate found by more than 5 %', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 2_000_000 }), fc.nat({ max: 8 }), (limit, bad) => {
      const { end, held } = run((rateHz, step) => (step === bad ? 'refused' : upTo(limit)(rateHz, step)))
      expect(end).toBe('found')
      expect(held!.rateHz).toBeGreaterThan(limit * 0.95)
      expect(held!.rateHz).toBeLessThanOrEqual(limit)
    }),
    { numRuns: 300 },
  )
})

test('whatever the system answers, the search ends within its steps', () => {
  const answer = fc.constantFrom<Try['outcome']>('held', 'refused', 'unknown')
  fc.assert(
    fc.property(fc.array(answer, { minLength: 40, maxLength: 40 }), (answers) => {
      const { tries } = run((_, step) => answers[step]!)
      expect(tries.length).toBeLessThanOrEqual(OPTIONS.maxSteps)
    }),
    { numRuns: 500 },
  )
})

test('each step of a noisy system off by 1 %: 98 of 100 searches end within 5 % of its limit', () => {
  let near = 0
  const searches = 1_000
  for (let seed = 0; seed < searches; seed++) {
    const random = newRandom(seed)
    const normal = () =>
      Array.from({ length: 12 }, () => random.below(10_001) / 10_000).reduce((a, b) => a + b) - 6
    const limit = 50_000
    const { end, held } = run((rateHz) => (rateHz <= limit * (1 + 0.01 * normal()) ? 'held' : 'refused'))
    expect(end).toBe('found')
    if (Math.abs(held!.rateHz / limit - 1) <= 0.05) near++
  }
  expect(near).toBeGreaterThanOrEqual(searches * 0.98)
})
