// Goal: whoever reads a latency near the noise floor is told so in every view, and a difference within the floor is called
// that; results without a floor read as before. Method: synthetic results with floors made from their own figures.
import { describe, expect, test } from 'bun:test'
import { verdictFloors } from '../../src/compare/floor-notes.ts'
import { headlineOf } from '../../src/compare/headline.ts'
import { compare } from '../../src/compare/table.ts'
import { judgeHeadToHead } from '../../src/compare/verdict/index.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { htmlView } from '../../src/report/view.ts'
import { FLOOR_FACTOR, isNearFloor, type NoiseFloor } from '../../src/result/floor.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const MARK = '†'

/** All quantiles of all latencies alike. */
function floorOf(us: number, over: Partial<NoiseFloor> = {}): NoiseFloor {
  const figures = { p50: us, p95: us, p99: us, p999: us }
  return {
    measuredAt: '2026-11-01T12:00:00.000Z',
    kind: 'full',
    rateHz: 20_000,
    messageBytes: 1_024,
    latencies: { publish: figures, service: figures, endToEnd: figures, scheduleDelay: figures },
    stale: null,
    ...over,
  }
}

const trial = sampleTrial()
const { p50, p95 } = trial.phases.measure.latencies.publish.summary
const one = (floor?: NoiseFloor): ExperimentResult =>
  sampleResult({ sides: [sampleSide('a', { trials: [trial] })], ...(floor && { floor }) })

const publishCells = (result: ExperimentResult) =>
  compare(result)
    .groups.find(({ title }) => title === 'Publish latency')!
    .rows.map(({ title, cells }) => `${title} ${cells[0]!.text.endsWith(MARK) ? 'marked' : 'plain'}`)

describe('a latency is marked', () => {
  test('when it is below three times the floor of its own quantile, and not at it', () => {
    const floor = floorOf(100)
    expect(isNearFloor(floor, 'publish', 'p99', 100 * FLOOR_FACTOR - 1)).toBe(true)
    expect(isNearFloor(floor, 'publish', 'p99', 100 * FLOOR_FACTOR)).toBe(false)
    const lower = {
      ...floor,
      latencies: { ...floor.latencies, publish: { ...floor.latencies.publish, p99: 10 } },
    }
    expect(isNearFloor(lower, 'publish', 'p99', 100)).toBe(false)
    expect(isNearFloor(lower, 'publish', 'p50', 100)).toBe(true)
  })

  test('never without a floor, for a maximum, or where it is the generator’s own', () => {
    expect(isNearFloor(undefined, 'publish', 'p50', 1)).toBe(false)
    expect(isNearFloor(floorOf(100), 'publish', 'max', 1)).toBe(false)
    expect(isNearFloor(floorOf(100), 'scheduleDelay', 'p50', 1)).toBe(false)
    expect(isNearFloor(floorOf(100), 'wokenLate', 'p50', 1)).toBe(false)
  })

  test('in the table and its footnotes', () => {
    expect(p95.us).toBeGreaterThan(p50.us)
    const floor = floorOf((p50.us + 1) / FLOOR_FACTOR)
    expect(publishCells(one(floor)).slice(0, 2)).toEqual(['p50 marked', 'p95 plain'])
    expect(publishCells(one()).every((text) => text.endsWith('plain'))).toBe(true)
    const notes = compare(one(floor)).footnotes.join('\n')
    expect(notes).toContain('†: below 3 × the noise floor')
    expect(notes).toContain('The noise floor of this machine')
    expect(compare(one()).footnotes.join('\n')).not.toContain('floor')
    expect(renderTable(one(floor), { columns: 100 }).join('\n')).toContain(MARK)
  })

  test('a floor that marks nothing is told all the same, a stale one with the reason', () => {
    const notes = (floor: NoiseFloor) => compare(one(floor)).footnotes.join('\n')
    expect(notes(floorOf(0.001))).not.toContain(MARK)
    expect(notes(floorOf(0.001))).toContain('The noise floor of this machine')
    expect(notes(floorOf(1, { stale: 'it is 31 days old' }))).toContain('It may not hold: it is 31 days old.')
  })

  test('in CSV and JSON', () => {
    const result = one(floorOf((p50.us + 1) / FLOOR_FACTOR))
    const { header, rows } = metricsTable(result)
    const cell = (name: string) => rows[0]![header.indexOf(name)]
    expect(String(cell('publish_near_floor')).split(' ')).toContain('p50')
    expect(String(cell('publish_near_floor')).split(' ')).not.toContain('p95')
    expect(header).not.toContain('schedule_delay_near_floor')
    const model = metricsModel(result)
    expect(model.floor).toEqual(result.floor!)
    expect(model.sides[0]!.trials[0]!.latencies.publish).toMatchObject({
      nearFloor: expect.arrayContaining(['p50']),
    })
    expect(metricsModel(one()).floor).toBeNull()
  })

  test('in the page', () => {
    const floorRow = (result: ExperimentResult) =>
      htmlView(result).environment.find(({ name }) => name === 'noise floor')!.value
    expect(floorRow(one(floorOf(100)))).toContain('publish p50 0.100 / p99 0.100 / p99.9 0.100 ms')
    expect(floorRow(one())).toBe('not measured: bench calibrate')
  })
})

test('the result file keeps the floor, and is read without one', () => {
  const floor = floorOf(100)
  expect(parseResult(JSON.stringify(one(floor)), 'result.json').floor).toEqual(floor)
  expect(parseResult(JSON.stringify(one()), 'result.json').floor).toBeUndefined()
  const damaged = { ...one(), floor: { ...floor, kind: 'guess' } }
  expect(() => parseResult(JSON.stringify(damaged), 'result.json')).toThrow(/floor/)
})

describe('a difference within the floor', () => {
  const NOISE = [0.97, 1.02, 0.99, 1.04, 0.96, 1, 1.03]
  const side = (label: string, centreUs: number, first: number) => ({
    label,
    trials: NOISE.map((noise, i) => ({
      place: 2 * i + first,
      measurement: 'valid' as const,
      integrity: 'intact' as const,
      figures: { publishP99: { value: centreUs * noise, atLeast: false } },
    })),
  })
  const sentence = (publishP99: number | null) => {
    const verdict = judgeHeadToHead({
      loads: [{ rateHz: 1_000, sides: [side('a', 1_200, 0), side('b', 900, 1)] }],
      ...(publishP99 === null ? {} : { floorsUs: { publishP99 } }),
    })
    const [pair] = verdict.loads[0]!.figures[0]!.pairs
    expect(pair!.outcome).toBe('shown')
    return pair!.sentence
  }

  test('is said of what many trials show', () => {
    expect(sentence(301)).toEndWith('; a difference within the noise floor of 0.301 ms.')
    expect(sentence(299)).not.toContain('floor')
    expect(sentence(null)).not.toContain('floor')
  })

  test('is said of one trial each', () => {
    const slower = sampleTrial()
    const { endToEnd, publish } = slower.phases.measure.latencies
    const moved = {
      ...slower,
      phases: {
        ...slower.phases,
        measure: {
          ...slower.phases.measure,
          latencies: {
            ...slower.phases.measure.latencies,
            publish: {
              ...publish,
              summary: { ...publish.summary, p99: { us: publish.summary.p99.us + 400, atLeast: false } },
            },
            endToEnd: {
              ...endToEnd,
              summary: { ...endToEnd.summary, p99: { us: endToEnd.summary.p99.us + 9_000, atLeast: false } },
            },
          },
        },
      },
    }
    const sides = [sampleSide('a', { trials: [trial] }), sampleSide('b', { trials: [moved] })]
    const said = (floor?: NoiseFloor) =>
      headlineOf(sampleResult({ sides, ...(floor && { floor }) }))
        .headToHead.flatMap(({ lines }) => lines)
        .join(' ')
    const [endToEndPart, publishPart] = said(floorOf(500)).split('a had the lower publish')
    expect(publishPart).toContain('lies within the noise floor of 0.500 ms')
    expect(endToEndPart).not.toContain('floor')
    expect(said()).not.toContain('floor')
  })
})

test('a comparison of experiments is held against the largest of their floors', () => {
  expect(verdictFloors([floorOf(100), undefined, floorOf(300)])).toEqual({
    publishP99: 300,
    endToEndP99: 300,
  })
  expect(verdictFloors([undefined])).toEqual({ publishP99: 0, endToEndP99: 0 })
})
