// Goal: lanes run beside each other and each in its order; nothing is left out, and one core has one lane.
// Method: jobs that wait for a job of the other lane; every division of given names.
import { expect, test } from 'bun:test'
import { lanesOf, runLanes } from './lanes.ts'

const NAMES = [
  'biome',
  'test/a.test.ts',
  'test/broker/b.test.ts',
  'test/brokers/c.test.ts',
  'test/browser/d.test.ts',
]

test('real brokers and browsers have a lane of their own; what only sounds like them has not', () => {
  expect(lanesOf(NAMES, 2)).toEqual([
    ['biome', 'test/a.test.ts', 'test/brokers/c.test.ts'],
    ['test/broker/b.test.ts', 'test/browser/d.test.ts'],
  ])
})

test('one core: one lane, what is quick first', () => {
  const [lane, ...others] = lanesOf(NAMES, 1)
  expect(others).toEqual([])
  expect(lane!.toSorted()).toEqual(NAMES.toSorted())
  expect(lane!.slice(-2)).toEqual(['test/broker/b.test.ts', 'test/browser/d.test.ts'])
})

test('a lane without jobs is none', () => {
  expect(lanesOf(['tsc'], 4)).toEqual([['tsc']])
  expect(lanesOf([], 4)).toEqual([])
})

test('lanes run beside each other, jobs of a lane in their order; results stand in the order of the lanes', async () => {
  const begun: string[] = []
  const gates = new Map(['a1', 'b1', 'b2'].map((name) => [name, Promise.withResolvers<void>()]))
  const done = runLanes(
    [
      ['a1', 'a2'],
      ['b1', 'b2'],
    ],
    async (name) => {
      begun.push(name)
      gates.get(name)?.resolve()
      // The first job of the first lane ends only after the second lane has begun its last.
      if (name === 'a1') await gates.get('b2')!.promise
      return name.toUpperCase()
    },
  )
  expect(await done).toEqual(['A1', 'A2', 'B1', 'B2'])
  expect(begun).toEqual(['a1', 'b1', 'b2', 'a2'])
})
