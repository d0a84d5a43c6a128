// Goal: the masker agrees with a reference that decodes with a protobuf library, edits the objects and encodes, on
// payloads of all signals, and no broken body comes out with a value the reference masks. Method: a seeded slice of
// `npm run proof:gateway-mask`.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { broken, cases, disagreement, newCounts } from './reference/compare.ts'
import { seeded } from './reference/payloads.ts'

setDefaultTimeout(60_000)

const PAYLOADS = 600
const MUTATIONS = 3000
const BODIES_PER_RULE_SET = 5

test('generated payloads are masked as by the reference', () => {
  const next = cases(seeded(11), BODIES_PER_RULE_SET)
  const counts = newCounts()
  for (let i = 0; i < PAYLOADS; i++) {
    const one = next()
    const wrong = disagreement(one, false, counts)
    if (wrong !== null) throw new Error(`payload ${i}: ${wrong}; rules ${JSON.stringify(one.rules)}`)
  }
  expect(counts.malformed).toBe(0)
  for (const seen of [counts.masked, counts.untouched, counts.dropped, counts.emptied, counts.limited]) {
    expect(seen).toBeGreaterThan(20)
  }
})

test('mutated payloads are refused or masked as by the reference', () => {
  const random = seeded(12)
  const next = cases(random, BODIES_PER_RULE_SET)
  const counts = newCounts()
  let source = next()
  for (let i = 0; i < MUTATIONS; i++) {
    if (i % 10 === 0) source = next()
    const wrong = disagreement(broken(source, random), true, counts)
    if (wrong !== null) throw new Error(`mutation ${i}: ${wrong}; rules ${JSON.stringify(source.rules)}`)
  }
  expect(counts.malformed).toBeGreaterThan(200)
  expect(counts.masked).toBeGreaterThan(200)
})
