// Goal: what each action, path, order and onError of the README comes to, value by value. Method: small bodies made by
// hand, masked, and read again by a protobuf library.
import { describe, expect, test } from 'bun:test'
import { createHash, createHmac } from 'node:crypto'
import type { MaskOutcome, Meter } from '../../../gateway/contracts.ts'
import { createMasker, type MaskerOptions } from '../../../gateway/mask/masker.ts'
import { parseMaskRules } from '../../../gateway/mask/rules.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { type Dynamic, decode } from './reference/objects.ts'
import { field, intValue, keyValue, stringValue, text, tracesPayload } from './traces-payload.ts'

const OPTIONS: MaskerOptions = { allowReframe: true, maxOpsPerPacket: 1000, writer: 'scalar' }

/** A request of one log record whose attributes are `entries` (contents of AnyValue by key). */
function logs(
  entries: Readonly<Record<string, readonly number[]>>,
  ...more: readonly (readonly number[])[]
): Uint8Array {
  const attributes = Object.entries(entries).map(([key, value]) => field(6, keyValue(key, value)))
  return Uint8Array.from(field(1, field(2, field(2, ...attributes, ...more))))
}

function mask(rules: string, body: Uint8Array, options: Partial<MaskerOptions> = {}): MaskOutcome {
  return createMasker(parseMaskRules(rules), { ...OPTIONS, ...options }).mask('logs', body)
}

function record(outcome: MaskOutcome): Dynamic {
  if (outcome.kind !== 'masked') throw new Error(`expected masked, got ${JSON.stringify(outcome)}`)
  return decode('ExportLogsServiceRequest', outcome.body).resourceLogs[0].scopeLogs[0].logRecords[0]
}

/** The record's attributes, texts decoded; undefined for what is deleted. */
function attributes(outcome: MaskOutcome): Record<string, unknown> {
  const read = (value: Dynamic | undefined): unknown => {
    const member = value?.value
    switch (member?.case) {
      case undefined:
        return null
      case 'arrayValue':
        return member.value.values.map(read)
      case 'kvlistValue':
        return Object.fromEntries(member.value.values.map(entry))
      case 'stringValue':
        return Buffer.from(member.value).toString()
      default:
        return member.value
    }
  }
  const entry = (each: Dynamic): [string, unknown] => [Buffer.from(each.key).toString(), read(each.value)]
  return Object.fromEntries(record(outcome).attributes.map(entry))
}

const VALUES = {
  text: stringValue('secret 42'),
  int: intValue(42),
  negative: [0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
  double: [0x21, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
  bool: [0x10, 1],
  bytes: field(7, [1, 2, 3]),
  list: field(5, field(1, stringValue('a')), field(1, intValue(42))),
  map: field(6, field(1, keyValue('inner', stringValue('secret 42')))),
  unset: [],
}
const ALL = 'attributes[*]'

describe('actions', () => {
  test('REDACT_MASK replaces values of every type, in place where the size happens to stay', () => {
    const outcome = mask(`r|LOGS|REDACT_MASK|logRecords.${ALL}|***|||`, logs(VALUES))
    expect(attributes(outcome)).toEqual(Object.fromEntries(Object.keys(VALUES).map((key) => [key, '***'])))
    const body = logs({ a: stringValue('abc'), b: stringValue('xyz') })
    const inPlace = mask('r|LOGS|REDACT_MASK|logRecords.attributes.a|***|||', body)
    expect(inPlace).toMatchObject({ body, operations: 1 })
    expect(attributes(inPlace)).toEqual({ a: '***', b: 'xyz' })
  })

  test('REDACT_FILL keeps the size of every type', () => {
    const body = logs(VALUES)
    const outcome = mask(`r|LOGS|REDACT_FILL|logRecords.${ALL}|#||skip|`, body, { allowReframe: false })
    expect(outcome).toMatchObject({ body, operations: 8 })
    const masked = attributes(outcome)
    expect(masked).toMatchObject({
      text: '#########',
      int: '',
      negative: '#########',
      double: '#######',
      bool: '',
      unset: null,
    })
    for (const value of Object.values(masked)) expect(String(value ?? '')).toMatch(/^#*$/)
  })

  test('REDACT_FILL fits every size, those included for which no shortest encoding exists', () => {
    for (const size of [0, 1, 126, 127, 128, 129, 16_381, 16_382, 16_383, 16_384, 16_385]) {
      const body = logs({ a: field(7, new Array<number>(size).fill(1)) })
      const masked = attributes(mask('r|LOGS|REDACT_FILL|logRecords.attributes.a|#||skip|', body))
      expect(String(masked.a)).toMatch(/^#*$/)
      expect(Math.abs(String(masked.a).length - size)).toBeLessThan(2)
    }
  })

  test('HASH is the SHA-256 of the text, or with a key its HMAC', () => {
    const rule = `r|LOGS|HASH|logRecords.${ALL}||||`
    const plain = (input: string | Buffer): string => createHash('sha256').update(input).digest('hex')
    expect(attributes(mask(rule, logs(VALUES)))).toEqual({
      text: plain('secret 42'),
      int: plain('42'),
      negative: plain('-1'),
      double: plain('1.5'),
      bool: plain('true'),
      bytes: plain(Buffer.from([1, 2, 3])),
      list: plain(Buffer.from([...field(1, stringValue('a')), ...field(1, intValue(42))])),
      map: plain(Buffer.from(field(1, keyValue('inner', stringValue('secret 42'))))),
      unset: null,
    })
    const keyed = attributes(mask(rule, logs({ a: stringValue('x') }), { hashKey: 'k' }))
    expect(keyed.a).toBe(createHmac('sha256', 'k').update('x').digest('hex'))
  })

  test('DELETE removes attributes, entries, elements and texts', () => {
    const rules =
      'a|LOGS|DELETE|logRecords.attributes.text||||;b|LOGS|DELETE|logRecords.attributes.map["inner"]||||;' +
      'c|LOGS|DELETE|logRecords.attributes.list[*] =~ /4/||||;d|LOGS|DELETE|logRecords.severityText||||'
    const outcome = mask(
      rules,
      logs({ text: VALUES.text, map: VALUES.map, list: VALUES.list }, text(3, 'INFO')),
    )
    expect(attributes(outcome)).toEqual({ map: {}, list: ['a'] })
    expect(record(outcome).severityText).toHaveLength(0)
  })

  test('REGEX_MASK replaces what matches, at any depth, and makes matching numbers strings', () => {
    const outcome = mask(`r|LOGS|REGEX_MASK|logRecords.${ALL} =~ /\\d+/|<$1>|||`, logs(VALUES))
    expect(attributes(outcome)).toEqual({
      text: 'secret <$1>',
      int: '<$1>',
      negative: '-<$1>',
      double: '<$1>.<$1>',
      bool: true,
      bytes: new Uint8Array([1, 2, 3]),
      list: ['a', '<$1>'],
      map: { inner: 'secret <$1>' },
      unset: null,
    })
  })
})

describe('DROP', () => {
  const two = (first: string, second: string): Uint8Array =>
    Uint8Array.from(
      field(1, field(2, ...[first, second].map((body) => field(2, field(5, stringValue(body)))))),
    )

  test('removes the matching record alone, and what it leaves empty', () => {
    const rule = 'r|LOGS|DROP|body =~ /health/||||'
    const some = mask(rule, two('GET /health', 'GET /orders'))
    expect(some).toMatchObject({ droppedRecords: 1, isEmpty: false, operations: 0 })
    expect(Buffer.from(record(some).body.value.value).toString()).toBe('GET /orders')
    const none = mask(rule, two('GET /health', 'GET /health'))
    expect(none).toMatchObject({ droppedRecords: 2, isEmpty: true, body: new Uint8Array(0) })
  })

  test('at a resource removes all records below it', () => {
    const resource = field(1, field(1, keyValue('tenant_id', stringValue('t'))))
    const records = field(2, field(2, text(3, 'a')), field(2, text(3, 'b')))
    const body = Uint8Array.from([...field(1, records, resource), ...field(1, records)])
    const outcome = mask('r|LOGS|DROP|resourcelogs.resource.attributes.tenant_id||1|skip|true', body)
    expect(outcome).toMatchObject({
      droppedRecords: 2,
      isEmpty: false,
      body: Uint8Array.from(field(1, records)),
    })
  })

  test('sees records as they came, before any mask', () => {
    const rules = 'm|LOGS|REDACT_MASK|body|***|1||;d|LOGS|DROP|body =~ /health/||2||'
    expect(mask(rules, two('health', 'x'))).toMatchObject({ droppedRecords: 1, operations: 1 })
  })
})

describe('order', () => {
  test('a lower priority goes first; REGEX_MASK hands on its result, the others end the row', () => {
    const body = (): Uint8Array => logs({ a: stringValue('secret') })
    const rules = (first: number, second: number): string =>
      `x|LOGS|REGEX_MASK|logRecords.attributes.a =~ /secret/|public|${first}||;y|LOGS|HASH|logRecords.attributes.a||${second}||`
    const hashed = (input: string): string => createHash('sha256').update(input).digest('hex')
    expect(attributes(mask(rules(1, 2), body())).a).toBe(hashed('public'))
    expect(attributes(mask(rules(2, 1), body())).a).toBe(hashed('secret'))
    expect(attributes(mask(rules(1, 1), body())).a).toBe(hashed('public'))
  })

  test('a rule that is off does nothing', () => {
    const body = logs({ a: stringValue('secret') })
    expect(mask('x|LOGS|REDACT_MASK|logRecords.attributes.a|#|||false', body)).toMatchObject({
      body,
      operations: 0,
    })
  })
})

describe('onError', () => {
  const rule = (onError: string): string => `r|LOGS|REDACT_MASK|logRecords.attributes[*]|#||${onError}|`
  const body = (): Uint8Array =>
    logs({ a: stringValue('one'), b: stringValue('two'), c: stringValue('three') })

  test('past the operations of a request skip leaves values, drop removes the record, fail refuses', () => {
    const skipped = mask(rule('skip'), body(), { maxOpsPerPacket: 2 })
    expect(attributes(skipped)).toEqual({ a: '#', b: '#', c: 'three' })
    expect(mask(rule('drop'), body(), { maxOpsPerPacket: 2 })).toMatchObject({
      droppedRecords: 1,
      isEmpty: true,
    })
    const failed = mask(rule('fail'), body(), { maxOpsPerPacket: 2 })
    expect(failed).toMatchObject({ kind: 'failed', rule: 'r' })
    expect(JSON.stringify(failed)).not.toContain('three')
  })

  test('so with texts that a regular expression cannot be held against', () => {
    const long = stringValue('x'.repeat(65_537))
    for (const value of [field(1, [0xff, 0xfe]), long]) {
      const regex = (onError: string): string =>
        `r|LOGS|REGEX_MASK|logRecords.attributes.a =~ /x/|#||${onError}|`
      expect(mask(regex('skip'), logs({ a: value }))).toMatchObject({ operations: 0 })
      expect(mask(regex('drop'), logs({ a: value }))).toMatchObject({ droppedRecords: 1 })
      expect(mask(regex('fail'), logs({ a: value }))).toMatchObject({ kind: 'failed' })
      const drop = (onError: string): string => `r|LOGS|DROP|logRecords.attributes.a =~ /x/|||${onError}|`
      expect(mask(drop('skip'), logs({ a: value }))).toMatchObject({ droppedRecords: 0 })
      expect(mask(drop('drop'), logs({ a: value }))).toMatchObject({ droppedRecords: 1 })
      expect(mask(drop('fail'), logs({ a: value }))).toMatchObject({ kind: 'failed' })
    }
  })

  test('everything is counted by rule', () => {
    const counts = new Map<string, number>()
    const meter: Meter = {
      counter: (name, _help, labels) => ({
        add: (count) => {
          const id = [name, ...Object.values(labels ?? {})].join(' ')
          counts.set(id, (counts.get(id) ?? 0) + count)
        },
      }),
      gauge: () => {},
      timing: () => ({ record: () => {} }),
    }
    const masker = createMasker(parseMaskRules(rule('skip')), { ...OPTIONS, maxOpsPerPacket: 2, meter })
    masker.mask('logs', body())
    masker.mask('logs', body())
    expect(Object.fromEntries(counts)).toEqual({
      'gateway_mask_rule_matched_total r': 6,
      'gateway_mask_rule_applied_total r': 4,
      'gateway_mask_rule_errors_total r operations skip': 2,
    })
  })
})

test('without reframing every rule that can change lengths is refused', () => {
  const make = (rules: string) => () =>
    createMasker(parseMaskRules(rules), { ...OPTIONS, allowReframe: false })
  for (const action of ['REDACT_MASK', 'HASH', 'DELETE', 'DROP']) {
    expect(make(`r|TRACES|${action}|spans.name||||`)).toThrow(AppError)
    expect(make(`r|TRACES|${action}|spans.name||||false`)).not.toThrow()
  }
  expect(make('r|TRACES|REDACT_FILL|spans.name|#||drop|')).toThrow(AppError)
  expect(make('r|TRACES|REDACT_FILL|spans.name|#||skip|')).not.toThrow()
})

test('both writers give the same bytes, and a body that no rule matches is the argument', () => {
  for (const writer of ['simd', 'scalar'] as const) {
    const masker = createMasker(
      parseMaskRules('r|TRACES|REDACT_MASK|spans.attributes.tenant_id|##########|||'),
      { ...OPTIONS, writer },
    )
    expect(masker.writer).toBe(writer)
    const reframed = masker.mask('traces', tracesPayload(100, 'tenant-0001'))
    expect(reframed).toMatchObject({ operations: 100, body: tracesPayload(100, '##########') })
    const body = tracesPayload(3, '##########')
    const other = createMasker(parseMaskRules('r|TRACES|REDACT_MASK|spans.attributes.other|#|||'), {
      ...OPTIONS,
      writer,
    })
    const outcome = other.mask('traces', body)
    expect(outcome.kind === 'masked' && outcome.body === body).toBe(true)
    expect(body).toEqual(tracesPayload(3, '##########'))
  }
})
