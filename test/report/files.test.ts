// Goal: a report's folder holds every file, each readable by its own kind of reader and with the figures of the result.
// Method: reports of synthetic results are written to a disk and read back: CSV by a small parser of RFC 4180, JSON by
// its parser, histograms by the HDR library.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HistogramLogReader } from 'hdr-histogram-js'
import { chartsOf } from '../../src/report/charts.ts'
import { type ReportFiles, renderHtml, writeReport } from '../../src/report/write-report.ts'
import { sumHistograms } from '../../src/result/histogram.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'
import { parseCsv } from './parse-csv.ts'

// Files on a disk that others use, too.
setDefaultTimeout(30_000)

const sample = sampleResult()
const result = {
  ...sample,
  workload: { ...sample.workload, name: '=HYPERLINK("x")' },
  sides: [
    ...sample.sides,
    sampleSide('a:b', { trials: [sampleTrial({ acknowledgedShare: 0.95, censored: 100 })] }),
    sampleSide('a/b', { trials: [], error: { message: 'no answer', hint: null } }),
  ],
}
const kafka = result.sides[0]!.trials[0]!.phases.measure

let directory = ''
let files: ReportFiles

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-report-'))
  files = await writeReport(result, directory)
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const raw = (name: string) => readFile(join(files.rawData, name), 'utf8')

test('every file is there, and nothing else', async () => {
  expect((await readdir(directory)).sort()).toEqual(['report'])
  expect((await readdir(files.directory)).sort()).toEqual([
    'costs.json',
    'index.html',
    'metrics.csv',
    'metrics.json',
    'raw_data',
  ])
  const names = await readdir(files.rawData)
  for (const side of ['kafka', 'rabbitmq', 'a-b']) {
    for (const ending of ['omb.json', 'intervals.csv', 'publish.ms.hgrm', 'end-to-end.hlog']) {
      expect(names).toContain(`${side}.${ending}`)
    }
  }
  expect(names).toHaveLength(3 * 10 + 1)
})

test('a second report replaces the first as a whole', async () => {
  await writeFile(join(files.directory, 'stale.txt'), 'x')
  await writeReport(result, directory)
  expect(await readdir(files.directory)).not.toContain('stale.txt')
  expect(await readdir(directory)).toEqual(['report'])
})

test('the page is one small file without addresses of others', async () => {
  const html = await readFile(files.html, 'utf8')
  expect(html.length).toBeLessThan(1_000_000)
  const code = html.replaceAll(/<script>[\s\S]*?<\/script>/g, '')
  expect(code).not.toMatch(/(?:src|href)="(?!#|data:)/)
  expect(code).not.toMatch(/https?:\/\//)
  expect(html.indexOf('id="verdict"')).toBeLessThan(html.indexOf('id="table"'))
})

test('costs say not billed, never a number', async () => {
  const costs = JSON.parse(await readFile(files.costsJson, 'utf8'))
  expect(costs).toMatchObject({ billing: 'not billed', experiment: result.id })
  expect(Object.values(costs).some((value) => typeof value === 'number')).toBe(false)
})

test('metrics.csv has a row a side, figures as numbers, formulas defused', async () => {
  const [header, ...rows] = parseCsv(await readFile(files.metricsCsv, 'utf8'))
  expect(rows.map((row) => row.length)).toEqual(rows.map(() => header!.length))
  const cell = (row: number, name: string) => rows[row]![header!.indexOf(name)]
  expect(rows.map((_, i) => cell(i, 'side'))).toEqual(['kafka', 'rabbitmq', 'a:b', 'a/b'])
  expect(cell(0, 'workload')).toBe(`'=HYPERLINK("x")`)
  expect(Number(cell(0, 'publish_p99_us'))).toBe(kafka.latencies.publish.summary.p99.us)
  expect(Number(cell(0, 'end_to_end_max_us'))).toBe(kafka.latencies.endToEnd.summary.max.us)
  expect(cell(0, 'publish_at_least')).toBe('')
  expect(cell(2, 'publish_at_least')).toContain('p99')
  expect(Number(cell(0, 'publish_mb_s'))).toBeCloseTo(1.024, 6)
  for (const name of ['publish_failures', 'consume_failures', 'audit_acknowledged_lost', 'publish_msg_s']) {
    expect(cell(0, name)).toMatch(/^\d+$/)
  }
  expect(cell(3, 'measurement')).toBe('not run')
  expect(cell(3, 'publish_p99_us')).toBe('')
})

test('metrics.json carries the same figures and the verdicts', async () => {
  const metrics = JSON.parse(await readFile(files.metricsJson, 'utf8'))
  expect(metrics.schemaVersion).toBe(1)
  expect(metrics.workload.name).toBe('=HYPERLINK("x")')
  const [first] = metrics.sides[0].trials
  expect(first.latencies.publish.p999).toEqual(kafka.latencies.publish.summary.p999)
  expect(first.verdict).toEqual(result.sides[0]!.trials[0]!.verdict)
  expect(metrics.sides[3]).toMatchObject({ label: 'a/b', error: { message: 'no answer' }, trials: [] })
})

test('raw_data/result.json is a result that can be read again', async () => {
  expect(parseResult(await raw('result.json'), 'x')).toEqual(result)
})

test('intervals.csv has a row a second', async () => {
  const [header, ...rows] = parseCsv(await raw('kafka.intervals.csv'))
  expect(rows).toHaveLength(result.sides[0]!.trials[0]!.intervals.length)
  expect(header).toContain('end_to_end_p99_us')
  expect(rows[0]!.slice(0, 4)).toEqual(['0', '1', 'warmup', '1000'])
})

test('.hgrm: rising values in ms up to the total count, lower bounds told', async () => {
  const text = await raw('kafka.publish.ms.hgrm')
  const rows = text
    .split('\n')
    .filter((line) => /^\s+\d/.test(line))
    .map((line) => line.trim().split(/\s+/).map(Number))
  expect(rows.length).toBeGreaterThan(20)
  for (let i = 1; i < rows.length; i++) {
    expect(rows[i]![0]!).toBeGreaterThanOrEqual(rows[i - 1]![0]!)
    expect(rows[i]![1]!).toBeGreaterThanOrEqual(rows[i - 1]![1]!)
  }
  expect(rows.at(-1)![2]).toBe(kafka.latencies.publish.completed.count)
  expect(rows.at(-1)![0]! * 1000).toBeCloseTo(kafka.latencies.publish.summary.max.us, 0)
  expect(text).toMatch(/#\[Max +=/)
  expect(text).not.toContain('Lower bounds')
  expect(await raw('a-b.publish.ms.hgrm')).toContain('#[Lower bounds = 100 of these values')
})

test('.hlog: every interval comes back with its count and its times', async () => {
  const reader = new HistogramLogReader(await raw('kafka.publish.hlog'))
  const intervals = result.sides[0]!.trials[0]!.intervals.filter(
    ({ latencies }) => latencies.publish !== undefined,
  )
  for (const interval of intervals) {
    const histogram = reader.nextIntervalHistogram()!
    expect(histogram.totalCount).toBe(interval.latencies.publish!.count)
    expect(histogram.maxValue).toBe(interval.latencies.publish!.maxUs)
    expect(histogram.endTimeStampMsec - histogram.startTimeStampMsec).toBeCloseTo(1_000, 3)
  }
  expect(reader.nextIntervalHistogram()).toBeNull()
})

test('a report that cannot be written names the path and leaves nothing half-made', async () => {
  const notAFolder = join(directory, 'file')
  await writeFile(notAFolder, 'x')
  const error = await writeReport(result, notAFolder).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'STORAGE', message: expect.stringContaining(notAFolder) })
  await rm(notAFolder)
  expect(await readdir(directory)).toEqual(['report'])
})

test('a trial of half an hour is drawn in steps, and the page stays small', () => {
  const [side] = sample.sides
  const trial = side!.trials[0]!
  const measured = trial.intervals.filter(({ phase }) => phase === 'measure')
  const intervals = Array.from({ length: 1_800 }, (_, second) => ({
    ...measured[second % measured.length]!,
    startS: second,
    endS: second + 1,
  }))
  const long = sampleResult({ sides: [{ ...side!, trials: [{ ...trial, intervals }] }] })
  const { stepS, trials } = chartsOf(long).loads[0]!.time
  expect(stepS).toBe(3)
  const [chart] = trials
  expect(chart!.x).toHaveLength(600)
  expect(chart!.acknowledged.every((rate) => rate === 1_000)).toBe(true)
  const largest = Math.max(...measured.map(({ latencies }) => latencies.publish!.maxUs)) / 1000
  expect(Math.max(...(chart!.publish.max as number[]))).toBeCloseTo(largest, 1)
  // A step's quantile is that of all of its messages.
  const merged = sumHistograms(intervals.slice(0, 3).map(({ latencies }) => latencies.publish!.hdr))
  expect(chart!.publish.p99[0]! * 1000).toBeCloseTo(merged.getValueAtPercentile(99), -1)
  const html = renderHtml(long, '', '')
  expect(html.length).toBeLessThan(1_000_000)
  expect(html).toContain('Each point stands for 3 s')
})
