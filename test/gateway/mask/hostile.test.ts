// Goal: whatever bytes come, the answer is quick, the same whatever the rules, and never a throw. Method: bodies cut at
// every byte and the attacks of the issue (nesting, lengths, varints, groups), with no rules and with many.
import { expect, test } from 'bun:test'
import type { Masker } from '../../../gateway/contracts.ts'
import { createMasker } from '../../../gateway/mask/masker.ts'
import { parseMaskRules } from '../../../gateway/mask/rules.ts'
import { field, keyValue, stringValue, tracesPayload, varint } from './traces-payload.ts'

const RULES =
  'a|ALL|REDACT_MASK|resource.attributes[*]|#|||;b|TRACES|REGEX_MASK|spans.attributes[*] =~ /t./|#|||;' +
  'c|TRACES|DROP|spans.attributes["x"][*]["y"] =~ /z/|||drop|;d|TRACES|HASH|spans.name||||;e|TRACES|DELETE|spans.attributes.deep["a"]||||'

function masker(rules: string): Masker {
  return createMasker(parseMaskRules(rules), { allowReframe: true, maxOpsPerPacket: 1000, writer: 'scalar' })
}

const MASKERS = [masker(''), masker(RULES)]

/** A trace request with one span whose content is `content`. */
function span(...content: readonly (readonly number[])[]): number[] {
  return field(1, field(2, field(2, ...content)))
}

function kinds(body: readonly number[] | Uint8Array): string[] {
  return MASKERS.map((each) => each.mask('traces', Uint8Array.from(body)).kind)
}

test('a body cut anywhere is refused, with the place, the same with and without rules', () => {
  const whole = tracesPayload(2, 'tenant-0001')
  expect(kinds(whole)).toEqual(['masked', 'masked'])
  for (let length = 1; length < whole.length; length++) {
    for (const each of MASKERS) {
      const outcome = each.mask('traces', whole.slice(0, length))
      if (outcome.kind !== 'malformed') throw new Error(`${length} bytes: ${outcome.kind}`)
      expect(outcome.offset).toBeLessThanOrEqual(length)
    }
  }
})

test('values nested beyond the limit are refused, below it masked', () => {
  const nested = (depth: number): number[] => {
    let prefixes: number[] = []
    let size = 0
    const parts: number[][] = []
    for (let i = 0; i < depth; i++) {
      const inner = [0x0a, ...varint(size)]
      const outer = [0x2a, ...varint(size + inner.length)]
      parts.push([...outer, ...inner])
      size += inner.length + outer.length
    }
    for (const part of parts.reverse()) prefixes = prefixes.concat(part)
    return prefixes
  }
  expect(kinds(span(field(9, keyValue('deep', nested(40)))))).toEqual(['masked', 'masked'])
  expect(kinds(span(field(9, keyValue('deep', nested(60)))))).toEqual(['malformed', 'malformed'])
  expect(kinds(span(field(9, keyValue('deep', nested(10_000)))))).toEqual(['malformed', 'malformed'])
})

test('lengths, varints, groups and wire types that cannot be are refused', () => {
  const hostile: Record<string, readonly number[]> = {
    'length 2^31': [0x0a, 0x80, 0x80, 0x80, 0x80, 0x08],
    'length 2^63': [0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    'varint of 11 bytes': span([0x30, ...new Array<number>(10).fill(0x80), 1]),
    'varint of 11 bytes in a value': span(
      field(9, keyValue('a', [0x18, ...new Array<number>(10).fill(0x80), 1])),
    ),
    group: span([0x0b, 0x0c]),
    'group of an unknown field': span([0xa3, 0x06, 0xa4, 0x06]),
    'wire type 7': span([0x0f]),
    'field 0': span([0x02, 0]),
    'field number beyond 2^29': span([0xf8, 255, 255, 255, 255, 1, 0]),
    'name as a number': span([0x28, 1]),
    'start time as a varint': span([0x38, 1]),
    'key as a number': span(field(9, [0x08, 1])),
    'value as a number': span(field(9, [0x0a, 0, 0x10, 1])),
    'double of 4 bytes': span(field(9, keyValue('a', [0x21, 1, 2, 3, 4]))),
    'inner length beyond the outer': span(field(9, [0x0a, 5, 97, 0x12, 0])),
    'tag of two bytes that needs one': span([0x8a, 0x00, 0]),
  }
  for (const [name, body] of Object.entries(hostile))
    expect([name, ...kinds(body)]).toEqual([name, 'malformed', 'malformed'])
})

test('fields that are put out by later ones are followed, and cannot be repeated without end', () => {
  const rules = masker('r|TRACES|REDACT_MASK|spans.attributes.secret|***|||')
  const entry = [
    ...field(1, [...Buffer.from('public')]),
    ...field(2, stringValue('a')),
    ...field(2, stringValue('top')),
    ...field(1, [...Buffer.from('secret')]),
  ]
  const outcome = rules.mask('traces', Uint8Array.from(span(field(9, entry))))
  expect(outcome).toMatchObject({ kind: 'masked', operations: 1 })
  expect(Buffer.from((outcome as { body: Uint8Array }).body).includes('top')).toBe(false)

  // Each level doubles the field that holds it, so that each level must be rewritten.
  let value: number[] = stringValue('x'.repeat(30_000))
  for (let i = 0; i < 40; i++) value = [...field(5), ...field(5, field(1, value))]
  const deep = masker('r|TRACES|REGEX_MASK|spans.attributes[*] =~ /x/|#|||')
  expect(deep.mask('traces', Uint8Array.from(span(field(9, keyValue('a', value))))).kind).toBe('malformed')
})

test('without reframing an odd message that would change its length is refused', () => {
  const fill = createMasker(parseMaskRules('r|TRACES|REDACT_FILL|spans.attributes.a|#||skip|'), {
    allowReframe: false,
    maxOpsPerPacket: 10,
    writer: 'scalar',
  })
  const twice = [...keyValue('a', stringValue('one')), ...field(2, stringValue('two'))]
  const body = Uint8Array.from(span(field(9, twice)))
  expect(fill.mask('traces', body).kind).toBe('malformed')
})
