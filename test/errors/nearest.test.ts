// Goal: a mistyped name gets a useful suggestion, a strange one gets none. Method: examples.
import { expect, test } from 'bun:test'
import { nearest } from '../../src/errors/nearest.ts'

const NAMES = ['run', 'plan', 'report', 'list', 'doctor']

test('a slip of the keyboard is mended', () => {
  expect(nearest('reprot', NAMES)).toBe('report')
  expect(nearest('DOCTOR', NAMES)).toBe('doctor')
  expect(nearest('rnu', NAMES)).toBe('run')
  expect(nearest('rn', NAMES)).toBe('run')
})

test('something else is not', () => {
  expect(nearest('kubernetes', NAMES)).toBeNull()
  expect(nearest('x', [])).toBeNull()
})
