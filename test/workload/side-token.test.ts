// Goal: sides on the command line mean what their grammar says. Method: one case a rule, and a property test that
// any text is either parsed or refused with its own error.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../src/errors/app-error.ts'
import { formatDuration, parseDuration } from '../../src/workload/duration.ts'
import { parseSideToken, splitSides } from '../../src/workload/side-token.ts'

const parse = (text: string) => {
  const { shown: _shown, overrides, ...rest } = parseSideToken(text, '--drivers')
  return { ...rest, settings: Object.fromEntries(overrides.map(({ key, value }) => [key, value])) }
}

describe('side tokens', () => {
  test('every part alone and together', () => {
    expect(parse('kafka')).toEqual({ label: null, name: 'kafka', client: null, settings: {} })
    expect(parse('kafka:kafkajs')).toMatchObject({ name: 'kafka', client: 'kafkajs' })
    expect(parse('fast=a/b.yaml:x+acks=1+deep.er=off+text="1"')).toEqual({
      label: 'fast',
      name: 'a/b.yaml',
      client: 'x',
      settings: { acks: 1, 'deep.er': 'off', text: '1' },
    })
    expect(parse('a+b=1')).toMatchObject({ name: 'a', settings: { b: 1 } })
    expect(parse('./a+b.yaml+c=true+d=null+e=')).toMatchObject({
      name: './a+b.yaml',
      settings: { c: true, d: null, e: null },
    })
  })

  test('commas part sides, except inside quotes and brackets', () => {
    expect(splitSides('a, b:c+d=[1,2],e+f="x,y",g+h={i: 1, j: 2}')).toEqual([
      'a',
      'b:c+d=[1,2]',
      'e+f="x,y"',
      'g+h={i: 1, j: 2}',
    ])
    expect(parse(`a+b='c+d=,e'`).settings).toEqual({ b: 'c+d=,e' })
  })

  test.each([
    '',
    '=kafka',
    'a b=kafka',
    'x=',
    'kafka+=1',
    'kafka+1a=1',
    'kafka+a="x',
    'kafka+a=*x',
    ':kafkajs',
  ])('refused: %p', (text) => {
    expect(() => parseSideToken(text, '--drivers')).toThrow(/^--drivers.*: expected /)
  })

  test('any text is parsed or refused', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9=+:,.'"[\]{}*&!# -]{0,40}$/), (text) => {
        for (const side of splitSides(text)) {
          try {
            expect(parseSideToken(side, '--drivers').name).not.toBe('')
          } catch (error) {
            expect(error).toBeInstanceOf(AppError)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('durations', () => {
  test.each<[string, number | null]>([
    ['10s', 10],
    ['500ms', 0.5],
    ['2m', 120],
    ['1h30m', 5400],
    ['1h1m1s1ms', 3661.001],
    ['1.5m', 90],
    ['0s', 0],
    ['', null],
    ['10', null],
    ['10 s', null],
    ['-1s', null],
    ['1s1m', null],
    ['1d', null],
    ['s', null],
    ['1e3s', null],
  ])('%p', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds as number)
  })

  test('are printed', () => {
    expect([0.5, 10, 60, 90, 5400, 3661].map(formatDuration)).toEqual([
      '0.5 s',
      '10 s',
      '1 min',
      '1 min 30 s',
      '1 h 30 min',
      '1 h 1 min 1 s',
    ])
  })
})
