// Goal: JSON becomes exactly the protobuf that a protobuf library makes of the same message, and back; what does not
// fit is refused with its path. Method: requests made at random from a seed, with every kind of field, are written as
// OTLP/JSON in all the spellings that the specification allows and compared with protobufjs over the official definitions.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { buildRequest } from '../../../src/otlp/build/request.ts'
import { protobufToJson } from '../../../src/otlp/json/from-protobuf.ts'
import { jsonToProtobuf } from '../../../src/otlp/json/to-protobuf.ts'
import { type MessageSchema, REQUEST_SCHEMAS } from '../../../src/otlp/schema.ts'
import { SIGNALS, type Signal } from '../../../src/otlp/signal.ts'
import { randomRequest, seededRandom } from '../../support/otlp-random.ts'
import { referenceOf } from '../../support/otlp-reference.ts'

const RUNS = 80

/** A description as OTLP/JSON text, spelled at random: hex case, 64-bit as digits or strings, unknown and null members. */
function spell(value: unknown, schema: MessageSchema, random: () => number): string {
  const members: string[] = []
  for (const [name, member] of Object.entries(value as object)) {
    const field = schema.fields.find((each) => each.name === name)!
    const one = (each: unknown) =>
      field.message === null ? spellScalar(each, field.kind, random) : spell(each, field.message, random)
    members.push(`"${name}":${Array.isArray(member) ? `[${member.map(one).join(',')}]` : one(member)}`)
  }
  if (random() < 0.2) members.unshift('"nobodyKnowsMe":{"deep":[1,{"x":null}],"name":5}')
  if (random() < 0.1) members.push('"somethingElse":null')
  return `{${members.join(random() < 0.1 ? ' ,\n ' : ',')}}`
}

function spellScalar(value: unknown, kind: string, random: () => number): string {
  if (typeof value === 'bigint') return random() < 0.5 ? String(value) : `"${value}"`
  if (value instanceof Uint8Array) {
    if (kind === 'id') {
      const hex = Buffer.from(value).toString('hex')
      return `"${random() < 0.5 ? hex.toUpperCase() : hex}"`
    }
    return `"${Buffer.from(value).toString(random() < 0.5 ? 'base64' : 'base64url')}"`
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `"${value}"`
    const text = Object.is(value, -0) ? '-0' : String(value)
    return kind !== 'enum' && random() < 0.2 ? `"${text}"` : text
  }
  return JSON.stringify(value)
}

function transcode(signal: Signal, text: string): Uint8Array {
  const outcome = jsonToProtobuf(signal, Buffer.from(text))
  if (outcome.kind === 'invalid')
    throw new Error(`${outcome.detail} at ${outcome.path}: ${text.slice(0, 2000)}`)
  return outcome.body
}

for (const signal of SIGNALS) {
  const reference = referenceOf(signal)

  describe(signal, () => {
    test('JSON, in every spelling, becomes what the library makes', () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const request = randomRequest(signal, seed)
          const text = spell(request, REQUEST_SCHEMAS[signal], seededRandom(seed + 1))
          const ours = transcode(signal, text)
          expect(reference.decode(ours)).toEqual(reference.decode(reference.encode(request)))
          // The same bytes, not only the same meaning: the library's own encoding of what it decoded.
          expect(Buffer.from(ours).equals(reference.rewrite(ours))).toBe(true)
        }),
        { numRuns: RUNS },
      )
    })

    test('a description becomes the same bytes as its JSON, and reads back', () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const request = randomRequest(signal, seed)
          const built = buildRequest(signal, request)
          const text = spell(request, REQUEST_SCHEMAS[signal], seededRandom(seed))
          expect(Buffer.from(built).equals(transcode(signal, text))).toBe(true)
          const json = protobufToJson(signal, built)
          if (json.kind === 'malformed') throw new Error(json.detail)
          expect(Buffer.from(transcode(signal, JSON.stringify(json.value))).equals(built)).toBe(true)
        }),
        { numRuns: RUNS },
      )
    })

    test('what the library encodes with every default written out reads the same', () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const bytes = reference.encode(randomRequest(signal, seed))
          const json = protobufToJson(signal, bytes)
          if (json.kind === 'malformed') throw new Error(json.detail)
          const again = transcode(signal, JSON.stringify(json.value))
          expect(reference.decode(again)).toEqual(reference.decode(bytes))
        }),
        { numRuns: RUNS },
      )
    })

    test('cut or changed protobuf is read or named malformed, never thrown', () => {
      fc.assert(
        fc.property(fc.integer(), fc.nat(), fc.nat(255), (seed, at, byte) => {
          const bytes = buildRequest(signal, randomRequest(signal, seed)).slice()
          if (bytes.length === 0) return
          const place = at % bytes.length
          const cut = protobufToJson(signal, bytes.subarray(0, place))
          bytes[place] = byte
          const changed = protobufToJson(signal, bytes)
          for (const outcome of [cut, changed]) {
            if (outcome.kind === 'malformed') expect(outcome.offset).toBeLessThanOrEqual(bytes.length)
          }
        }),
        { numRuns: RUNS },
      )
    })
  })
}

test('the example of the specification', () => {
  const body = transcode(
    'traces',
    `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
      "scopeSpans":[{"scope":{"name":"my.library"},"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C",
      "spanId":"EEE19B7EC3C1B174","parentSpanId":"eee19b7ec3c1b173","name":"I'm a server span",
      "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000001,"kind":2}]}]}]}`,
  )
  const span = protobufToJson('traces', body)
  expect(span).toMatchObject({
    value: {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: '5b8efff798038103d269b633813fc60c',
                  parentSpanId: 'eee19b7ec3c1b173',
                  endTimeUnixNano: '1544712661000000001',
                  kind: 2,
                },
              ],
            },
          ],
        },
      ],
    },
  })
})

function refusal(signal: Signal, json: string | Uint8Array): string {
  const outcome = jsonToProtobuf(signal, typeof json === 'string' ? Buffer.from(json) : json)
  return outcome.kind === 'invalid' ? `${outcome.path}: ${outcome.detail}` : 'accepted'
}

const span = (members: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{},{${members}}]}]}]}`
const SPAN = '$.resourceSpans[0].scopeSpans[0].spans[1]'

test.each([
  ['"kind":"SPAN_KIND_SERVER"', `${SPAN}.kind: expected a whole number (not a name), got a string`],
  ['"traceId":"5B8"', `${SPAN}.traceId: expected hexadecimal digits in pairs, got a string`],
  ['"traceId":"zz"', `${SPAN}.traceId: expected hexadecimal digits in pairs, got a string`],
  ['"name":5', `${SPAN}.name: expected a string, got a number`],
  ['"name":["a"]', `${SPAN}.name: expected a string, got an array`],
  ['"attributes":{}', `${SPAN}.attributes: expected an array, got an object`],
  ['"attributes":[null]', `${SPAN}.attributes[0]: expected an object, got null`],
  [
    '"startTimeUnixNano":-1',
    `${SPAN}.startTimeUnixNano: expected a whole number from 0 to 18446744073709551615`,
  ],
  [
    '"startTimeUnixNano":18446744073709551616',
    `${SPAN}.startTimeUnixNano: expected a whole number from 0 to 18446744073709551615`,
  ],
  ['"startTimeUnixNano":1.5', `${SPAN}.startTimeUnixNano: expected a whole number, got a number`],
  ['"startTimeUnixNano":"1e3"', `${SPAN}.startTimeUnixNano: expected a whole number, got a string`],
  ['"startTimeUnixNano":1e30', '$: expected a whole number that fits 64 bits'],
  ['"flags":4294967296', `${SPAN}.flags: expected a whole number from 0 to 4294967295`],
  [
    '"attributes":[{"value":{"stringValue":"a","intValue":1}}]',
    `${SPAN}.attributes[0].value.intValue: expected one value, got stringValue and intValue`,
  ],
  [
    '"attributes":[{"value":{"bytesValue":"a"}}]',
    `${SPAN}.attributes[0].value.bytesValue: expected base64, got a string`,
  ],
  [
    '"attributes":[{"value":{"boolValue":"true"}}]',
    `${SPAN}.attributes[0].value.boolValue: expected true or false, got a string`,
  ],
  [
    '"attributes":[{"value":{"doubleValue":"fast"}}]',
    `${SPAN}.attributes[0].value.doubleValue: expected a number, "NaN", "Infinity" or "-Infinity", got a string`,
  ],
])('refuses %s with its path', (members, expected) => {
  expect(refusal('traces', span(members))).toBe(expected)
})

test('refuses what is no JSON, no UTF-8 or no object', () => {
  expect(refusal('logs', '{"resourceLogs":[')).toBe('$: expected JSON')
  expect(refusal('logs', '')).toBe('$: expected JSON')
  expect(refusal('logs', Uint8Array.of(0x22, 0xff, 0x22))).toBe('$: expected UTF-8')
  expect(refusal('logs', '[]')).toBe('$: expected an object, got an array')
  expect(refusal('logs', 'null')).toBe('$: expected an object, got null')
})

test('nesting is bounded, on the way in and on the way back', () => {
  const nested = (depth: number) =>
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${'{"arrayValue":{"values":['.repeat(depth)}${']}}'.repeat(depth)}}]}]}]}`
  expect(refusal('logs', nested(47))).toBe('accepted')
  expect(refusal('logs', nested(49))).toEndWith('expected messages nested at most 100 deep')
  expect(refusal('logs', nested(100_000))).toEndWith('expected messages nested at most 100 deep')
  expect(refusal('logs', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).toBe('accepted')

  const exactAndDeep = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1700000000000000001}]}]}],"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`
  expect(refusal('logs', exactAndDeep)).toBe('$: expected JSON nested less than some thousand deep')

  let deep = Buffer.alloc(0)
  for (let i = 0; i < 60; i++) {
    const array = Buffer.concat([Buffer.of(0x0a), lengthOf(deep), deep])
    deep = Buffer.concat([Buffer.of(0x2a), lengthOf(array), array])
  }
  let request = deep
  for (const tag of [0x2a, 0x12, 0x12, 0x0a]) {
    request = Buffer.concat([Buffer.of(tag), lengthOf(request), request])
  }
  expect(protobufToJson('logs', request)).toMatchObject({ kind: 'malformed' })
})

function lengthOf(bytes: Uint8Array): Buffer {
  return bytes.length < 128
    ? Buffer.of(bytes.length)
    : Buffer.of((bytes.length & 0x7f) | 0x80, bytes.length >> 7)
}

test('any JSON, and any damaged request, is taken or refused, never thrown', () => {
  let accepted = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...SIGNALS),
      fc.integer(),
      fc.nat(),
      fc.jsonValue(),
      (signal, seed, at, intruder) => {
        const text = spell(randomRequest(signal, seed), REQUEST_SCHEMAS[signal], seededRandom(seed))
        // Something else in place of a value.
        const values = [...text.matchAll(/:("[^"]*"|[\d.-]+|true|false)/g)]
        const place = values[at % Math.max(1, values.length)]
        const damaged =
          place === undefined
            ? JSON.stringify(intruder)
            : `${text.slice(0, place.index + 1)}${JSON.stringify(intruder)}${text.slice(place.index + place[0].length)}`
        const outcome = jsonToProtobuf(signal, Buffer.from(damaged))
        if (outcome.kind === 'invalid') expect(outcome.path).toStartWith('$')
        else {
          accepted++
          referenceOf(signal).decode(outcome.body)
        }
      },
    ),
    { numRuns: 300 },
  )
  expect(accepted).toBeGreaterThan(0)
})

test('an error never holds the value', () => {
  const secret = 'hunter2hunter2'
  expect(refusal('traces', span(`"kind":"${secret}"`))).not.toContain(secret)
  expect(refusal('traces', span(`"traceId":"${secret}"`))).not.toContain(secret)
})
