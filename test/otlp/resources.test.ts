// Goal: a request is taken apart by its resources without losing a byte, and hostile bytes are told, not followed.
// Method: requests joined as a gateway joins them, rebuilt from their parts; every cut and random mutations.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { buildRequest } from '../../src/otlp/build/request.ts'
import { walkResources } from '../../src/otlp/resources.ts'

const KEY = Buffer.from('topic')

function request(topic: string | null): Uint8Array {
  const attributes = [
    { key: 'topicality', value: { stringValue: 'no' } },
    ...(topic === null ? [] : [{ key: 'topic', value: { stringValue: topic } }]),
  ]
  const scopeLogs = [{ scope: { name: 's' }, logRecords: [{ body: { stringValue: `of ${topic}` } }] }]
  return buildRequest('logs', { resourceLogs: [{ resource: { attributes }, scopeLogs }] })
}

function partsOf(bytes: Uint8Array) {
  const parts: [string | null, Uint8Array][] = []
  const malformed = walkResources(bytes, KEY, (value, part) =>
    parts.push([value === null ? null : Buffer.from(value).toString(), part]),
  )
  return { parts, malformed }
}

test('joined requests come apart as they were joined', () => {
  const topics = fc.array(fc.option(fc.string({ maxLength: 300 })), { maxLength: 5 })
  fc.assert(
    fc.property(topics, (names) => {
      const { parts, malformed } = partsOf(Buffer.concat(names.map(request)))
      expect(malformed).toBeNull()
      expect(parts.map(([name]) => name)).toEqual(names)
      expect(parts.map(([, part]) => Buffer.from(part).toString('hex'))).toEqual(
        names.map((name) => Buffer.from(request(name)).toString('hex')),
      )
    }),
  )
})

test('unknown fields are passed over, and a topic of another type is none', () => {
  const attributes = [{ key: 'topic', value: { intValue: 7 } }]
  const other = buildRequest('logs', { resourceLogs: [{ resource: { attributes } }] })
  const unknown = Buffer.from([0x78, 0x01]) // field 15, varint 1
  const { parts, malformed } = partsOf(Buffer.concat([unknown, other, unknown, request('a')]))
  expect(malformed).toBeNull()
  expect(parts.map(([name]) => name)).toEqual([null, 'a'])
})

test('wherever it is cut, the whole parts before are visited and the rest is malformed', () => {
  const first = request('a')
  const whole = Buffer.concat([first, request('b')])
  for (let at = first.length + 1; at < whole.length; at++) {
    const { parts, malformed } = partsOf(whole.subarray(0, at))
    expect(parts.map(([name]) => name)).toEqual(['a'])
    expect(malformed).not.toBeNull()
  }
})

test('mutated bytes end, and parts stay within the request', () => {
  const base = Buffer.concat([request('a'), request('b')])
  const mutation = fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 5 }), (mutations) => {
      const bytes = Buffer.from(base)
      for (const [at, value] of mutations) bytes[at] = value
      const size = partsOf(bytes).parts.reduce((sum, [, part]) => sum + part.length, 0)
      expect(size).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 2000 },
  )
})
