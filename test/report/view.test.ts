// Goal: what the page shows of each trial stays readable however much there is: alarming rows come first, and what is left
// out is counted. Method: views of synthetic results with many audits, failures and rates.
import { expect, test } from 'bun:test'
import { sentenceParts } from '../../src/report/text.ts'
import { htmlView } from '../../src/report/view.ts'
import { sampleAudit, sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const SHAPE = { warmupS: 1, measureS: 2 }

test('audits of many topics: those that lost something first, the others counted', () => {
  const audits = Array.from({ length: 200 }, (_, i) =>
    sampleAudit(10, { topic: `topic-${i}`, ...(i === 150 ? { lost: 1, acknowledgedLost: 1 } : {}) }),
  )
  const { audits: table } = htmlView(
    sampleResult({ sides: [sampleSide('a', { trials: [sampleTrial(SHAPE, { audits })] })] }),
  )
  expect(table.rows[0]).toMatchObject({ label: 'a', topic: 'topic-150' })
  expect(table.rows[1]).toMatchObject({ topic: 'topic-0' })
  expect(table.rows.length + table.more).toBe(200)
  expect(table.rows.length).toBeLessThan(150)
})

test('failures: the most frequent first', () => {
  const trial = sampleTrial(SHAPE, { publishErrors: { rare: 1, often: 7_000 }, consumeErrors: { some: 20 } })
  const { failures } = htmlView(sampleResult({ sides: [sampleSide('a', { trials: [trial] })] }))
  expect(failures.rows.map(({ where, kind, count }) => [where, kind, count])).toEqual([
    ['publish', 'often', '7,000'],
    ['consume', 'some', '20'],
    ['publish', 'rare', '1'],
  ])
})

test('twenty rates: charts of some, the curve of all, and the page says so', () => {
  const rates = Array.from({ length: 20 }, (_, i) => 100 * (i + 1))
  const trials = rates.map((rateHz) => ({ ...sampleTrial(SHAPE), rateHz }))
  const { chartData, ratesLeftOut, controls } = htmlView(
    sampleResult({ sides: [sampleSide('a', { trials }), sampleSide('b', { trials })] }),
  )
  expect(chartData.loads.length + ratesLeftOut).toBe(20)
  expect(ratesLeftOut).toBeGreaterThan(0)
  expect(controls.loads).toHaveLength(chartData.loads.length)
  expect(chartData.curves[0]!.x).toEqual(rates)
})

test('sentences: numbers keep their units, what a test says of its claim is small print', () => {
  expect(sentenceParts('a wins: 4 ms, −40 % (96 % interval, p=0.01), but (not this).')).toEqual([
    { text: 'a wins: 4\u00a0ms, −40\u00a0% ', small: false },
    { text: '(96\u00a0% interval, p=0.01)', small: true },
    { text: ', but (not this).', small: false },
  ])
})
