// Goal: no tag that AWS would refuse, or that bench sets itself, gets past the command line. Method: each rule by example;
// random tags held against the rules as AWS words them.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { MAX_OWN_TAGS, parseTagOptions, RESERVED_TAGS, tagProblems } from '../../../src/lab/config/tags.ts'

const textsOf = (tags: Readonly<Record<string, string>>) =>
  tagProblems(tags, (key) => `at ${key}`).map(({ where, what }) => `${where}: ${what}`)

test.each([
  [['team'], /expected key=value, got "team"/],
  [['=x'], /expected key=value, got "=x"/],
  [['a=1', 'a=2'], /expected each key once, got a twice/],
])('%p cannot be understood', (texts, message) => {
  expect(() => parseTagOptions(texts)).toThrow(message)
})

test('the value is all behind the first equals sign, as typed', () => {
  expect(parseTagOptions(['a=b=c', 'n=0123', 'empty=', '__proto__=x'])).toEqual(
    Object.fromEntries([
      ['a', 'b=c'],
      ['n', '0123'],
      ['empty', ''],
      ['__proto__', 'x'],
    ]),
  )
})

test.each([
  [{ 'aws:team': 'x' }, /without aws:/],
  [{ 'AWS:team': 'x' }, /without aws:/],
  [{ ['k'.repeat(129)]: 'x' }, /1 to 128 characters, got 129/],
  [{ team: 'v'.repeat(257) }, /at most 256 characters for tag team, got 257/],
  [{ team: 'a\nb' }, /expected a value of letters/],
  [{ 'te#am': 'x' }, /expected a tag key of letters/],
  [{ team: 'x', Team: 'y' }, /differ in more than case/],
])('%p is refused', (tags, message) => {
  expect(textsOf(tags as Readonly<Record<string, string>>).join('\n')).toMatch(message)
})

test.each(RESERVED_TAGS)('%s is bench’s own, in any case', (key) => {
  expect(textsOf({ [key.toLowerCase()]: 'x' })).toHaveLength(1)
})

test('at most 40, and one more is told once', () => {
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'x']))
  expect(textsOf(tags(MAX_OWN_TAGS))).toEqual([])
  expect(textsOf(tags(MAX_OWN_TAGS + 1))).toEqual(['at k40: expected at most 40 tags of your own, got 41'])
})

test('random tags: accepted exactly when AWS’s words allow them', () => {
  const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
  const text = fc.string({ unit: fc.constantFrom(...'aZ9é _.:/=+-@#,\n\t"{'), maxLength: 12 })
  fc.assert(
    fc.property(text, text, (key, value) => {
      const isFine =
        key !== '' &&
        !key.toLowerCase().startsWith('aws:') &&
        allowed.test(key) &&
        allowed.test(value) &&
        !RESERVED_TAGS.some((own) => own.toLowerCase() === key.toLowerCase())
      expect(textsOf({ [key]: value }).length === 0).toBe(isFine)
    }),
  )
})
