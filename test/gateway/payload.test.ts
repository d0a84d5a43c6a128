// Goal: payloads are valid OTLP of the promised size, equal for equal seeds, and hold what rules and benchmarks look
// for. Method: the protobufjs reference reads them; sizes and counts against the promise.
import { describe, expect, test } from 'bun:test'
import { makePayload, PROFILES, payloadAsJson } from '../../gateway/payload/payload.ts'
import { countRecords } from '../../src/otlp/count.ts'
import { jsonToProtobuf } from '../../src/otlp/json/to-protobuf.ts'
import { SIGNALS } from '../../src/otlp/signal.ts'
import { referenceOf } from '../support/otlp-reference.ts'

const SEEDS = [0, 1, 2, 77, 2 ** 32 - 1]

test('sizes: 100 even spans are 33 KB, what an SDK sends is 19 KB', () => {
  for (const seed of SEEDS) {
    const even = makePayload({ signal: 'traces', profile: 'even', records: 100, seed }).body
    expect(even.length / 33_092).toBeCloseTo(1, 2)
    for (const signal of SIGNALS) {
      const real = makePayload({ signal, profile: 'real', records: null, seed }).body
      expect(real.length).toBeWithin(18_500, 19_500)
    }
  }
})

for (const profile of PROFILES) {
  describe.each([...SIGNALS])(`${profile} %s`, (signal) => {
    const make = (records: number | null, seed: number) => makePayload({ signal, profile, records, seed })

    test('the same seed gives the same bytes, another seed others', () => {
      for (const seed of SEEDS) expect(make(10, seed)).toEqual(make(10, seed))
      expect(new Set(SEEDS.map((seed) => Buffer.from(make(10, seed).body).toString('hex'))).size).toBe(
        SEEDS.length,
      )
    })

    test('as many records as asked for', () => {
      for (const records of [1, 2, 3, 7, 100]) {
        const payload = make(records, 5)
        expect(payload.records).toBe(records)
        expect(countRecords(signal, payload.body)).toBe(records)
      }
    })

    test('a library reads every byte of it', () => {
      const { body } = make(null, 5)
      expect(Buffer.from(referenceOf(signal).rewrite(body)).equals(body)).toBe(true)
      expect(JSON.stringify(referenceOf(signal).decode(body))).toContain('"tenant-000')
    })

    test('the JSON is the same request', () => {
      const { body } = make(null, 5)
      expect(jsonToProtobuf(signal, payloadAsJson(signal, body))).toEqual({ kind: 'protobuf', body })
    })
  })
}

test('the even spans are as measured: one resource without a tenant, one trace, eight attributes a span', () => {
  const { body } = makePayload({ signal: 'traces', profile: 'even', records: 100, seed: 1 })
  const { resourceSpans } = referenceOf('traces').decode(body) as {
    resourceSpans: {
      resource: { attributes: { key: string }[] }
      scopeSpans: { spans: { traceId: string; parentSpanId: string; attributes: { key: string }[] }[] }[]
    }[]
  }
  expect(resourceSpans.length).toBe(1)
  expect(resourceSpans[0]!.resource.attributes.map(({ key }) => key)).toEqual([
    'service.name',
    'service.namespace',
    'host.name',
  ])
  const spans = resourceSpans[0]!.scopeSpans[0]!.spans
  expect(spans.length).toBe(100)
  expect(new Set(spans.map((span) => span.traceId)).size).toBe(1)
  expect(spans.filter((span) => span.parentSpanId === '').length).toBe(1)
  for (const span of spans) {
    expect(span.attributes.length).toBe(8)
    expect(span.attributes[0]!.key).toBe('tenant_id')
  }
})
