// Goal: properties text means what java.util.Properties makes of it. Method: cases from the Java API's own description,
// and a round trip of random keys and values through an escaping writer.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { javaProperties, parseJavaProperties } from '../../src/driver/java-properties.ts'
import { AppError } from '../../src/errors/app-error.ts'

const parse = (text: string) => Object.fromEntries(parseJavaProperties(text))

describe('java properties', () => {
  test('three separators, with white space around them', () => {
    expect(parse('a=1\nb:2\nc 3\n  d \t=\t 4  \ne')).toEqual({ a: '1', b: '2', c: '3', d: '4  ', e: '' })
  })

  test('only the first separator counts', () => {
    expect(parse('url=http://h:1?a=b\nk : = v')).toEqual({ url: 'http://h:1?a=b', k: '= v' })
  })

  test('comments and blank lines, also indented; a comment is not continued', () => {
    expect(parse('# a=1 \\\nb=2\n  ! c=3\n \t\f\n\nd=4 # not a comment')).toEqual({
      b: '2',
      d: '4 # not a comment',
    })
  })

  test('continued lines lose their indent; an even number of backslashes ends the line', () => {
    expect(parse('fruits = apple, \\\n    pear, \\\r\n  # plum\nx=a\\\\\ny=1')).toEqual({
      fruits: 'apple, pear, # plum',
      x: 'a\\',
      y: '1',
    })
  })

  test('a continuation may be blank, or the end of the text', () => {
    expect(parse('a=1\\\n\nb=2\\')).toEqual({ a: '1', b: '2' })
  })

  test('escapes in keys and values', () => {
    expect(parse('a\\ b\\=c\\:=\\t\\u00e9\\q\\\\n')).toEqual({ 'a b=c:': '\té' + 'q\\n' })
  })

  test('a jaas line keeps its quotes and equal signs', () => {
    const line = 'org.Login required username="u" password="p=1";'
    expect(parse(`sasl.jaas.config=${line}`)).toEqual({ 'sasl.jaas.config': line })
  })

  test('of two equal keys the later wins; the list keeps both, with their lines', () => {
    expect(parse('a=1\n\na=2')).toEqual({ a: '2' })
    expect(javaProperties('a=1\n\na=2').map(({ line }) => line)).toEqual([1, 3])
  })

  test('a broken unicode escape names the line', () => {
    expect(() => parse('a=1\nb=\\u12g4')).toThrow(AppError)
    expect(() => parse('a=1\nb=\\u12g4')).toThrow(/line 2/)
  })

  test('__proto__ is a key like any other', () => {
    expect(parseJavaProperties('__proto__=1').get('__proto__')).toBe('1')
  })

  test('what an escaping writer wrote is read back', () => {
    const escaped = (text: string) =>
      Array.from({ length: text.length }, (_, at) => {
        const code = text.charCodeAt(at)
        return /[a-zA-Z0-9]/.test(text[at]!) ? text[at] : `\\u${code.toString(16).padStart(4, '0')}`
      }).join('')
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (key, value) => {
          expect(javaProperties(`${escaped(key)} = ${escaped(value)}`)).toEqual([{ key, value, line: 1 }])
        },
      ),
    )
  })
})
