// Goal: the page carries the files that people ask for, and stays small whatever was run: what does not fit is named
// with the path of a file that is there. Method: downloads of synthetic results are unpacked and held against the files.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { downloadsOf } from '../../src/report/downloads.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { TEMPLATES } from '../../src/report/templates.ts'
import { renderHtml, reportContents } from '../../src/report/write-report.ts'
import { sampleResult } from '../result/sample-result.ts'
import { largeResult } from '../support/large-result.ts'

// Histograms of hundreds of trials, on a machine that does other things, too.
setDefaultTimeout(60_000)

const unpacked = (url: string) =>
  gunzipSync(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')).toString()

test('each download is the file of the same kind, unpacked', () => {
  const result = sampleResult()
  const contents = new Map(reportContents(result))
  const texts = { csv: contents.get('metrics.csv')!, json: contents.get('metrics.json')! }
  const { files, distributions, leftOut } = downloadsOf(result, texts, 900_000)
  expect(files.map(({ name }) => name.replace(result.id, 'id'))).toEqual(['id.csv', 'id.json', 'id.yaml'])
  expect(files.map(({ url }) => unpacked(url))).toEqual([texts.csv, texts.json, result.workloadSource])
  expect(distributions.map(({ label }) => label)).toEqual(['kafka', 'rabbitmq'])
  for (const { name, url } of distributions.flatMap(({ files }) => files)) {
    expect(unpacked(url)).toBe(contents.get(`raw_data/${name}`)!)
  }
  expect(distributions.flatMap(({ files }) => files)).toHaveLength(4)
  expect(leftOut).toEqual([])
})

test('what does not fit is named with its path, and left out of all sides alike', () => {
  const result = largeResult({ sides: 2, trials: 3, seconds: 20 })
  const whole = downloadsOf(result, { csv: 'a', json: 'b' }, 1_000_000)
  const sizes = whole.distributions.flatMap(({ files }) => files.map(({ url }) => url.length))
  // Room for the two of each first trial, and a little.
  const budget = sizes[0]! + sizes[1]! + sizes[6]! + sizes[7]! + 3_600
  const { distributions, leftOut } = downloadsOf(result, { csv: 'a', json: 'b' }, budget)
  expect(distributions.map(({ label }) => label)).toEqual(['side-0 #1', 'side-1 #1'])
  expect(leftOut).toHaveLength(8)
  const paths = new Set([...reportContents(result)].map(([path]) => path))
  for (const path of leftOut) expect(paths).toContain(path)
})

test('a page of hundreds of trials stays below 1 MB and says what it leaves out', () => {
  const result = largeResult({ sides: 3, trials: 90, seconds: 20 })
  const csv = TEMPLATES['report.csv'](metricsTable(result))
  const json = TEMPLATES['metrics.json'](metricsModel(result))
  const html = renderHtml(result, csv, json)
  expect(Buffer.byteLength(html)).toBeLessThan(1_000_000)
  expect(/\d+ further trials are not drawn/.exec(html)).not.toBeNull()
  expect(html.match(/<code>raw_data\/side-\d-\d+\.[a-z-]+\.ms\.hgrm<\/code>/g)).toHaveLength(200)
  expect(/and \d+ more in <code>raw_data/.exec(html)).not.toBeNull()
})
