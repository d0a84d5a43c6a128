// Goal: the offered rate of a trial that was cut short is that of the time it ran, also where its first second was told
// late. Method: trials of a few seconds, written down.
import { expect, test } from 'bun:test'
import { offeredRateHz } from '../../src/result/rates.ts'
import type { TrialResult } from '../../src/result/result.ts'

type Facts = Parameters<typeof offeredRateHz>[0]

function trial(interrupted: string | null, seconds: readonly (readonly [number, number, number])[]): Facts {
  const counts = (scheduled: number) => ({ scheduled, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 })
  const measure = {
    durationS: 10,
    counts: counts(seconds.reduce((sum, [, , scheduled]) => sum + scheduled, 0)),
  }
  return {
    interrupted,
    phases: { warmup: { durationS: 1 }, measure } as TrialResult['phases'],
    intervals: seconds.map(([startS, endS, scheduled]) => ({
      ...{ startS, endS, phase: 'measure', counts: counts(scheduled) },
    })) as unknown as TrialResult['intervals'],
  }
}

test('a whole trial: by the time it was to last', () => {
  expect(offeredRateHz(trial(null, [[1, 11, 5000]]))).toBe(500)
})

test('cut short: by the time until the cut, from the begin of measure on', () => {
  const late = [
    [1.07, 2, 500],
    [2, 3, 500],
    [3, 3.5, 250],
  ] as const
  expect(offeredRateHz(trial('SIGINT', late))).toBe(500)
})

test('cut short: seconds in which nothing was due any more do not count', () => {
  expect(
    offeredRateHz(
      trial('SIGINT', [
        [1, 2, 500],
        [2, 3, 0],
      ]),
    ),
  ).toBe(500)
})

test('cut short before anything was due: by the time it was to last', () => {
  expect(offeredRateHz(trial('SIGINT', []))).toBe(0)
})
