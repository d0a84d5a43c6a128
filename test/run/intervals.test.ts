// Goal: phases begin and end with an interval. Method: boundaries of whole and broken phases.
import { expect, test } from 'bun:test'
import { intervalBoundaries } from '../../src/run/intervals.ts'

test('whole seconds, the drain included', () => {
  expect(intervalBoundaries(1e6, 2e6, 1e6)).toEqual([1e6, 2e6, 3e6, 4e6])
})

test('a broken warm-up makes a short first interval, a broken measure a short last one', () => {
  expect(intervalBoundaries(1.5e6, 2.25e6, 0)).toEqual([0.5e6, 1.5e6, 2.5e6, 3.5e6, 3.75e6])
})

test('no warm-up', () => {
  expect(intervalBoundaries(0, 2e6, 0)).toEqual([1e6, 2e6])
})
