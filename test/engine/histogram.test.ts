// Goal: no value is lost or moved: the layout and the encoding are HdrHistogram's own, guards count what they change,
// merging is lossless. Method: properties against hdr-histogram-js and against sorted lists.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { build } from 'hdr-histogram-js'
import { HDR_HIGHEST_US, hdrHighestUs, hdrIndex, hdrLowestUs } from '../../src/engine/hdr-layout.ts'
import { EMPTY_HISTOGRAM, mergeHistograms, Recorder } from '../../src/engine/histogram.ts'
import { decodeHistogram } from '../../src/engine/histogram-library.ts'

const values = fc.oneof(
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.integer({ min: 0, max: HDR_HIGHEST_US }),
)
const lists = fc.array(values, { maxLength: 300 })

function recorded(list: readonly number[]): Recorder {
  const recorder = new Recorder()
  for (const us of list) recorder.record(us)
  return recorder
}

function library(list: readonly number[]) {
  const histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HDR_HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  })
  for (const us of list) histogram.recordValue(us)
  return histogram
}

describe('layout', () => {
  test('each value has the counter that covers it, to three digits', () => {
    fc.assert(
      fc.property(values, (us) => {
        const index = hdrIndex(us)
        expect(hdrLowestUs(index)).toBeLessThanOrEqual(us)
        expect(hdrHighestUs(index)).toBeGreaterThanOrEqual(us)
        expect(hdrHighestUs(index) - us).toBeLessThanOrEqual(us / 1000)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([0, 1, 2047, 2048, 2 ** 31 - 1, 2 ** 31, 2 ** 32, HDR_HIGHEST_US])('boundary %p', (us) => {
    expect(hdrLowestUs(hdrIndex(us))).toBeLessThanOrEqual(us)
    expect(hdrHighestUs(hdrIndex(us))).toBeGreaterThanOrEqual(us)
    if (us > 0) expect(hdrIndex(us - 1)).toBeLessThanOrEqual(hdrIndex(us))
  })
})

describe('encoding', () => {
  test('hdr-histogram-js reads what we write, and it is what the library records itself', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const decoded = decodeHistogram(recorded(list).encode())
        const own = library(list)
        expect(decoded.totalCount).toBe(own.totalCount)
        for (const percentile of [0, 1, 25, 50, 90, 99, 99.9, 100]) {
          expect(decoded.getValueAtPercentile(percentile)).toBe(own.getValueAtPercentile(percentile))
        }
      }),
    )
  })

  test('counts beyond 32 bits survive', () => {
    const recorder = new Recorder()
    recorder.recordCount(5, 2 ** 33)
    recorder.recordCount(900, 2 ** 45 + 1)
    const merged = new Recorder()
    merged.addEncoded(recorder.encode())
    expect(merged.encode()).toEqual(recorder.encode())
    expect(merged.count).toBe(2 ** 33 + 2 ** 45 + 1)
  })

  test('an empty histogram is readable and costs no encoding', () => {
    expect(new Recorder().encode()).toBe(EMPTY_HISTOGRAM)
    expect(decodeHistogram(EMPTY_HISTOGRAM).totalCount).toBe(0)
  })

  test('what is no histogram is refused', () => {
    for (const hdr of ['', 'nonsense', 'HISTFAAAAAA=', library([1]).toString()]) {
      expect(() => new Recorder().addEncoded({ ...EMPTY_HISTOGRAM, hdr })).toThrow('cannot read a histogram')
    }
  })
})

describe('guards', () => {
  test('negative values count as 0, and apart with their minimum', () => {
    const encoded = recorded([-5, -0.5, 3]).encode()
    expect(encoded).toMatchObject({ count: 3, negative: 2, minimumUs: -5, saturated: 0 })
    expect(decodeHistogram(encoded).getValueAtPercentile(66)).toBe(0)
    expect(decodeHistogram(encoded).getValueAtPercentile(67)).toBe(3)
  })

  test('values beyond the range count at its upper end', () => {
    const encoded = recorded([HDR_HIGHEST_US, HDR_HIGHEST_US + 1, 1e15, Number.POSITIVE_INFINITY]).encode()
    expect(encoded).toMatchObject({ count: 4, saturated: 3 })
    expect(decodeHistogram(encoded).totalCount).toBe(4)
    expect(decodeHistogram(encoded).getValueAtPercentile(1)).toBe(hdrHighestUs(hdrIndex(HDR_HIGHEST_US)))
  })

  test('fractions are cut off, NaN is refused', () => {
    expect(recorded([1.9, 2047.99]).encode()).toEqual(recorded([1, 2047]).encode())
    expect(() => recorded([Number.NaN])).toThrow('expected microseconds')
  })

  test('reset leaves nothing behind', () => {
    const recorder = recorded([-1, 7, 1e7, 1e15])
    recorder.reset()
    expect(recorder.encode()).toBe(EMPTY_HISTOGRAM)
    recorder.record(7)
    expect(recorder.encode()).toEqual(recorded([7]).encode())
  })
})

describe('merge', () => {
  test('equals recording everything into one, in any order and grouping', () => {
    fc.assert(
      fc.property(lists, lists, lists, (a, b, c) => {
        const [x, y, z] = [a, b, c].map((list) => recorded(list).encode()) as [never, never, never]
        const all = recorded([...a, ...b, ...c]).encode()
        expect(mergeHistograms([x, y, z])).toEqual(all)
        expect(mergeHistograms([z, x, y])).toEqual(all)
        expect(mergeHistograms([mergeHistograms([x, y]), z])).toEqual(all)
        expect(mergeHistograms([x, mergeHistograms([y, z])])).toEqual(all)
      }),
    )
  })

  test('keeps the guards', () => {
    const merged = mergeHistograms([recorded([-7, 1]).encode(), recorded([-9, 1e12]).encode()])
    expect(merged).toMatchObject({ count: 4, negative: 2, minimumUs: -9, saturated: 1 })
    expect(mergeHistograms([])).toEqual(EMPTY_HISTOGRAM)
  })
})
