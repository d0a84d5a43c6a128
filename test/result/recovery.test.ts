// Goal: a side counts as recovered exactly in the first second that keeps both bounds. Method: seconds made by hand.
import { describe, expect, test } from 'bun:test'
import { recoveryOf } from '../../src/result/recovery.ts'
import type { IntervalResult } from '../../src/result/result.ts'

type Second = readonly [acknowledged: number, p99Ms: number | null]

function seconds(
  list: readonly Second[],
  phase: IntervalResult['phase'] = 'measure',
  from = 0,
): IntervalResult[] {
  return list.map(([acknowledged, p99Ms], i) => ({
    startS: from + i,
    endS: from + i + 1,
    phase,
    counts: { scheduled: 100, sent: 100, acknowledged, rejected: 0, unknown: 0 },
    received: 100,
    latencies:
      p99Ms === null
        ? {}
        : { publish: { count: 1, p50Us: 0, p99Us: p99Ms * 1000, p999Us: 0, maxUs: 0, hdr: '' } },
  }))
}

const FINE: Second = [100, 20]
const NOTHING: Second = [0, null]

describe('recovery', () => {
  test('the first second after the end with rate and latency back', () => {
    const intervals = seconds([FINE, FINE, NOTHING, NOTHING, [300, 900], [89, 20], [90, 41], [90, 40], FINE])
    expect(recoveryOf(intervals, { startS: 2.001, endS: 4.004 })).toEqual({
      afterEndS: 7 - 4.004,
      duringS: null,
      p99LimitUs: 40_000,
      waitedS: 9 - 4.004,
    })
  })

  test('a small latency may grow by 10 ms', () => {
    const recovery = recoveryOf(seconds([[100, 1], NOTHING, [100, 11]]), { startS: 1, endS: 2 })
    expect(recovery).toMatchObject({ afterEndS: 0, p99LimitUs: 11_000 })
  })

  test('while the fault is on, another node may take over', () => {
    const intervals = seconds([FINE, NOTHING, [150, 800], FINE, FINE, FINE])
    expect(recoveryOf(intervals, { startS: 1, endS: 5 })).toMatchObject({ duringS: 2, afterEndS: 0 })
  })

  test('a fault that nobody felt', () => {
    expect(recoveryOf(seconds([FINE, FINE, FINE]), { startS: 1, endS: 2 })).toMatchObject({
      duringS: null,
      afterEndS: 0,
    })
  })

  test('not until measure ends; the drain is none of it', () => {
    const intervals = [...seconds([FINE, NOTHING, [10, 20]]), ...seconds([FINE], 'drain', 3)]
    expect(recoveryOf(intervals, { startS: 1, endS: 2 })).toMatchObject({ afterEndS: null, waitedS: 1 })
  })

  test('what came before may be the warm-up; with nothing before or after nobody can tell', () => {
    const warm = seconds([FINE, FINE], 'warmup')
    const intervals = [...warm, ...seconds([NOTHING, FINE], 'measure', 2)]
    expect(recoveryOf(intervals, { startS: 2, endS: 3 })).toMatchObject({ afterEndS: 0 })
    expect(recoveryOf(intervals.slice(2), { startS: 2, endS: 3 })).toBeNull()
    expect(recoveryOf(intervals, { startS: 3, endS: 4 })).toBeNull()
  })
})
