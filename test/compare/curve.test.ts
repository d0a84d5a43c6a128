// Goal: trials are compared only with trials at the same rate, and the latency–throughput curve tells of each side at
// each rate what was achieved, how fast, and whether it was held. Method: synthetic trials whose figures are known.
import { expect, test } from 'bun:test'
import { curveOf } from '../../src/compare/curve.ts'
import { experimentVerdict } from '../../src/compare/experiment-verdict.ts'
import { loadsOf } from '../../src/compare/loads.ts'
import type { TrialResult } from '../../src/result/result.ts'
import { type SampleShape, sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const at = (rateHz: number, place: number, shape: Partial<SampleShape> = {}): TrialResult => ({
  ...sampleTrial({ seed: 5, warmupS: 1, measureS: 2, ...shape, rateHz }),
  rateHz,
  place,
})

const overloaded = { acknowledgedShare: 0.6, medianUs: 20_000 }
const result = sampleResult({
  workload: { ...sampleResult().workload, producerRateHz: 2_000, ratesHz: [500, 2_000] },
  sides: [
    sampleSide('a', { trials: [at(2_000, 0), at(500, 3), at(500, 5), at(2_000, 6)] }),
    sampleSide('b', {
      trials: [at(500, 1), at(2_000, 2, overloaded), at(2_000, 4, overloaded), at(500, 7)],
    }),
    sampleSide('c', { trials: [], error: { message: 'no port', hint: null } }),
  ],
})

test('trials of one rate stand together, in the order of the run', () => {
  const loads = loadsOf(result)
  expect(loads.map(({ rateHz }) => rateHz)).toEqual([500, 2_000])
  const places = loads.map(({ sides }) => sides.map(({ trials }) => trials.map(({ place }) => place)))
  expect(places).toEqual([
    [[3, 5], [1, 7], []],
    [[0, 6], [2, 4], []],
  ])
  expect(experimentVerdict(result)!.loads.map(({ held }) => held.map(({ outcome }) => outcome))).toEqual([
    ['held', 'held', 'unknown'],
    ['held', 'did not hold', 'unknown'],
  ])
})

test('the curve has a point for each rate at which a side was run', () => {
  const [a, b, c] = curveOf(result)
  expect(a!.points.map(({ rateHz, achievedHz, held }) => [rateHz, achievedHz, held])).toEqual([
    [500, 500, 'held'],
    [2_000, 2_000, 'held'],
  ])
  expect(b!.points[1]).toMatchObject({ achievedHz: 1_200, held: 'did not hold', heldTrials: 0, trials: 2 })
  expect(b!.points[1]!.publish.p50!.us).toBeGreaterThan(5 * b!.points[0]!.publish.p50!.us)
  expect(b!.points[0]!.endToEnd.p99!.us).toBeGreaterThan(b!.points[0]!.endToEnd.p50!.us)
  expect(c).toEqual({ label: 'c', points: [] })
})

test('what cannot be trusted is not drawn', () => {
  const broken = sampleTrial(
    { seed: 5, warmupS: 1, measureS: 2, medianUs: 50_000 },
    { contractBreaches: ['acknowledged twice'] },
  )
  const sides = [sampleSide('a', { trials: [{ ...broken, rateHz: 1_000 }] }), sampleSide('b')]
  const [a, b] = curveOf(sampleResult({ sides }))
  expect(a!.points).toEqual([
    {
      rateHz: 1_000,
      achievedHz: null,
      publish: { p50: null, p99: null },
      endToEnd: { p50: null, p99: null },
      held: 'unknown',
      heldTrials: 0,
      trials: 1,
    },
  ])
  expect(b!.points).toHaveLength(1)
})
