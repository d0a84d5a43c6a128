// Goal: the grammar of predicates: what each form means, and that every text outside it is answered with the character
// at which it left the grammar. Method: a table of forms, a table of faults, and a property over all forms there are.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  isSlo,
  parseSlo,
  parseSlos,
  SLO_COUNTS,
  SLO_LATENCIES,
  SLO_RATES,
  type Slo,
} from '../../src/workload/slo.ts'

const parsed = (text: string): Slo => {
  const slo = parseSlo(text)
  if (!isSlo(slo)) throw new Error(`${text}: ${slo.what}`)
  return slo
}

describe('forms', () => {
  const latency = (name: string, parts: number | 'mean') => ({ kind: 'latency', latency: name, parts })
  test.each([
    ['publish.p99 < 20ms', latency('publish', 9_900), '<', 20_000, 'us'],
    ['endToEnd.p99.9<=1s', latency('endToEnd', 9_990), '<=', 1_000_000, 'us'],
    ['service.p99.99 < 500us', latency('service', 9_999), '<', 500, 'us'],
    ['scheduleDelay.p50 < 1.5 ms', latency('scheduleDelay', 5_000), '<', 1_500, 'us'],
    ['publish.max < 2s', latency('publish', 10_000), '<', 2_000_000, 'us'],
    ['publish.mean < 2ms', latency('publish', 'mean'), '<', 2_000, 'us'],
    ['errors == 0', { kind: 'count', count: 'errors' }, '==', 0, 'messages'],
    ['errors < 0.1%', { kind: 'count', count: 'errors' }, '<', 0.001, 'share'],
    ['lost == 0', { kind: 'count', count: 'lost' }, '==', 0, 'messages'],
    ['backlog < 2s', { kind: 'count', count: 'backlog' }, '<', 2, 'rateSeconds'],
    ['backlog <= 1000', { kind: 'count', count: 'backlog' }, '<=', 1_000, 'messages'],
    ['publishRate >= 0.99', { kind: 'rate', rate: 'publishRate' }, '>=', 0.99, 'share'],
    ['publishRate >= 99%', { kind: 'rate', rate: 'publishRate' }, '>=', 0.99, 'share'],
    ['consumeRate > 9500/s', { kind: 'rate', rate: 'consumeRate' }, '>', 9_500, 'hz'],
    ['consumeRate > 9500 msg/s', { kind: 'rate', rate: 'consumeRate' }, '>', 9_500, 'hz'],
  ] as const)('%s', (text, figure, operator, limit, unit) => {
    expect(parsed(text)).toMatchObject({ figure, operator, limit, unit })
  })

  test('spaces do not matter, and the text is shown in one form', () => {
    expect(parsed('  publish.p99<20ms ').text).toBe('publish.p99 < 20ms')
    expect(parsed(parsed('publish.p99<20 ms').text)).toEqual(parsed('publish.p99 < 20ms'))
  })
})

test.each([
  ['', 1, 'expected one of'],
  ['pubish.p99 < 20ms', 1, 'got "pubish.p99'],
  ['publish < 20ms', 9, 'expected .p0'],
  ['publish.p101 < 20ms', 8, 'expected .p0'],
  ['publish.p99.999 < 20ms', 8, 'expected .p0'],
  ['errors.p99 == 0', 7, 'expected an operator'],
  ['publish.p99 = 20ms', 13, 'expected <, <=, >, >= or =='],
  ['publish.p99 != 20ms', 13, 'expected <, <=, >, >= or =='],
  ['publish.p99 < ms', 15, 'expected a number'],
  ['publish.p99 < -1ms', 15, 'expected a number'],
  ['publish.p99 < 20', 17, 'expected a unit: us, ms or s, got the end'],
  ['publish.p99 < 20min', 17, 'expected a unit: us, ms or s'],
  ['errors < 5ms', 11, 'expected messages'],
  ['publishRate >= 9000', 20, 'expected a share of the rate offered'],
  ['publish.p99 < 20ms and more', 20, 'expected the end, got "and more"'],
])('%p leaves the grammar at character %i', (text, character, what) => {
  const fault = parseSlo(text)
  if (isSlo(fault)) throw new Error('was accepted')
  expect(fault.character).toBe(character)
  expect(fault.what).toContain(what)
  expect(fault.hint).not.toBe('')
})

test('whatever is written: a predicate whose text reads the same again, or a place within the text', () => {
  const word = fc.constantFrom(...SLO_LATENCIES, ...SLO_COUNTS, ...SLO_RATES, 'x')
  const statistic = fc.constantFrom('', '.p99', '.p99.9', '.max', '.mean', '.p', '.')
  const operator = fc.constantFrom('<', '<=', '>', '>=', '==', '=', '')
  const number = fc.oneof(fc.nat().map(String), fc.double({ min: 0, max: 1e9, noNaN: true }).map(String))
  const unit = fc.constantFrom('', 'us', 'ms', 's', '%', '/s', 'h')
  const text = fc.oneof(
    fc.tuple(word, statistic, operator, number, unit).map((parts) => parts.join('')),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (source) => {
      const slo = parseSlo(source)
      if (isSlo(slo)) expect(parsed(slo.text)).toEqual(slo)
      else {
        expect(slo.character).toBeGreaterThanOrEqual(1)
        expect(slo.character).toBeLessThanOrEqual(source.length + 1)
      }
    }),
    { numRuns: 500 },
  )
})

test('a list in a file: what is right is kept, what is wrong is told with its place', () => {
  const locator = { whereIs: (path: readonly PropertyKey[]) => `w.yaml:${path.join('.')}` }
  const { slos, problems } = parseSlos(['publish.p99 < 20ms', 'oops', 'errors == 0'], ['slo'], locator)
  expect(slos.map(({ text }) => text)).toEqual(['publish.p99 < 20ms', 'errors == 0'])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ where: 'w.yaml:slo.1' })
  expect(problems[0]!.what).toStartWith('character 1 of "oops": expected one of')
})
