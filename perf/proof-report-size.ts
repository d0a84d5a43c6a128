/**
 * Question: does a report of 50 MB of raw data stay a page that people can send around, made while they wait?
 *
 * A synthetic result of three sides with seven trials each is written, read again as `bench report` does, and rendered.
 * The page must weigh less than 1 MB and take less than 5 s of CPU (`--limit-s`): the time that a machine with nothing else
 * to do takes. The whole report is timed beside it.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { metricsModel, metricsTable } from '../src/report/metrics.ts'
import { TEMPLATES } from '../src/report/templates.ts'
import { renderHtml, writeReport } from '../src/report/write-report.ts'
import { parseResult } from '../src/result/parse-result.ts'
import { largeResult } from '../test/support/large-result.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1450' },
    'limit-s': { type: 'string', default: '5' },
  },
})
const MB = 1_000_000
const WANTED_RAW_BYTES = 50 * MB
const limitS = Number(values['limit-s'])
const directory = await mkdtemp(join(tmpdir(), 'bench-report-size-'))

async function timed<T>(what: string, action: () => T | Promise<T>): Promise<{ value: T; cpuS: number }> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  const value = await action()
  const { user, system } = process.cpuUsage(before)
  const cpuS = (user + system) / 1e6
  const seconds = (performance.now() - startMs) / 1000
  console.log(`${what.padEnd(28)} ${cpuS.toFixed(2)} s of CPU, ${seconds.toFixed(2)} s in all`)
  return { value, cpuS }
}

try {
  const path = join(directory, 'result.json')
  await writeFile(path, JSON.stringify(largeResult({ sides: 3, trials: 7, seconds: Number(values.seconds) })))
  const raw = (await stat(path)).size
  console.log(`raw data                     ${(raw / MB).toFixed(1)} MB`)
  const read = await timed('read and checked', async () => parseResult(await readFile(path, 'utf8'), path))
  const page = await timed('page rendered', () =>
    renderHtml(
      read.value,
      TEMPLATES['report.csv'](metricsTable(read.value)),
      TEMPLATES['metrics.json'](metricsModel(read.value)),
    ),
  )
  const bytes = Buffer.byteLength(page.value)
  console.log(`page                         ${(bytes / MB).toFixed(3)} MB`)
  await timed('whole report written', () => writeReport(read.value, directory))
  const holds = raw >= WANTED_RAW_BYTES && bytes < MB && page.cpuS < limitS
  console.log(
    holds ? 'holds' : `does NOT hold: 50 MB of raw data, a page below 1 MB, in less than ${limitS} s of CPU`,
  )
  process.exitCode = holds ? 0 : 1
} finally {
  await rm(directory, { recursive: true, force: true })
}
