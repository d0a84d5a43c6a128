// Goal: a value that must not be published is found in any form a file may hold it in, and what is no secret is not.
// Method: one value in each form at random places of random bytes; environments with names of both kinds.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { forbiddenValues, redacted, refuseForbidden } from '../../src/publish/redact.ts'
import { sampleResult } from '../result/sample-result.ts'

const VALUE = 'p@ss "word" <&> 42'
const forbidden = forbiddenValues({ MY_PASSWORD: VALUE })

const FORMS = [
  (value: string) => value,
  (value: string) => JSON.stringify({ value }),
  (value: string) => encodeURIComponent(value),
  (value: string) => Bun.escapeHTML(value).replaceAll('&#x27;', "'"),
  (value: string) => Buffer.from(value).toString('base64'),
  (value: string) => Buffer.from(`user:${value}`).toString('base64'),
  (value: string) => Buffer.from(`u:${value}, and more`).toString('base64'),
  (value: string) => Buffer.from(`no:${value}`).toString('base64'),
]

test('every form, anywhere in a file', () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(fc.nat(FORMS.length - 1), bytes, bytes, (form, before, after) => {
      const content = Buffer.concat([before, Buffer.from(FORMS[form]!(VALUE)), after])
      expect(() => refuseForbidden('file', content, forbidden)).toThrow('found the value of $MY_PASSWORD')
    }),
  )
})

test('the value itself is not told', () => {
  try {
    refuseForbidden('a/b.json', Buffer.from(VALUE), forbidden)
    expect.unreachable()
  } catch (error) {
    const { message, hint } = error as { message: string; hint: string }
    expect(message + hint).not.toContain(VALUE)
    expect(message).toContain('a/b.json')
  }
})

test('short values, names of places and plain variables forbid nothing', () => {
  const environment = {
    API_KEY: 'short',
    TOKEN_FILE: '/run/secrets/token',
    HOME: '/home/somebody',
    EMPTY_TOKEN: '',
  }
  expect(forbiddenValues(environment)).toEqual([])
})

test('a result without secrets stays as it is', () => {
  const result = sampleResult()
  expect(redacted(result)).toEqual(result)
})
