// Goal: the longest times without an acknowledgement are found, in one process and over several, within bounds of
// memory. Method: random acknowledgements, held against a search over all of them.
import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { AcknowledgementGaps, commonGaps, LongestGap } from '../../src/engine/acknowledgement-gaps.ts'
import { MAX_ACKNOWLEDGEMENT_GAPS } from '../../src/engine/limits.ts'

// A deadline for a busy machine, not a measure.
setDefaultTimeout(60_000)

const END_US = 1_000_000
const instants = fc
  .array(fc.integer({ min: 0, max: END_US - 1 }), { maxLength: 60 })
  .map((list) => list.sort((a, b) => a - b))

/** The longest distance of neighbours, clipped to a stretch. */
function longest(all: readonly number[], fromUs: number, toUs: number): number {
  const border = [0, ...all, END_US]
  return border.slice(1).reduce((most, to, i) => {
    const clipped = Math.min(to, toUs) - Math.max(border[i]!, fromUs)
    return Math.max(most, clipped)
  }, 0)
}

test('of several processes together: times in which none of them saw one', () => {
  fc.assert(
    fc.property(fc.array(instants, { minLength: 1, maxLength: 4 }), (processes) => {
      const reports = processes.map((list) => {
        const gaps = new AcknowledgementGaps()
        for (const us of list) gaps.note(us)
        return gaps.report(END_US)
      })
      const found = commonGaps(reports).reduce((most, { fromUs, toUs }) => Math.max(most, toUs - fromUs), 0)
      const expected = longest(
        processes.flat().sort((a, b) => a - b),
        0,
        END_US,
      )
      // Below a millisecond nothing is kept, and what is left of longer ones may be anything.
      if (expected >= 1000) expect(found).toBe(expected)
      else expect(found).toBeLessThan(1000)
    }),
    { numRuns: 500, seed: 8 },
  )
})

test('of one producer, within measure alone', () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: 0, max: 600_000 }), (list, fromUs) => {
      const toUs = fromUs + 300_000
      const gap = new LongestGap(fromUs, toUs)
      for (const us of list) gap.note(us)
      const report = gap.report(END_US)
      expect(report.toUs - report.fromUs).toBe(longest(list, fromUs, toUs))
    }),
    { numRuns: 500, seed: 8 },
  )
})

test('with too many the longest stay', () => {
  const gaps = new AcknowledgementGaps()
  let us = 0
  for (let i = 0; i < 3 * MAX_ACKNOWLEDGEMENT_GAPS; i++) {
    us += 2000 + (i % 7)
    gaps.note(us)
  }
  us += 50_000
  gaps.note(us)
  const kept = gaps.report(us)
  expect(kept.length).toBeLessThanOrEqual(MAX_ACKNOWLEDGEMENT_GAPS + 1)
  expect(Math.max(...kept.map(({ fromUs, toUs }) => toUs - fromUs))).toBe(50_000)
})
