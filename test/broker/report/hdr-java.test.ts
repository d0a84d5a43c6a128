// Goal: whoever works with HdrHistogram's own library reads our percentile distributions and interval logs, and finds the
// same percentiles. Method: a small Java program over the library from Maven Central reads the files of a report; every
// figure is held against ours. Skipped, loudly, only where there is no Java that can compile.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Java, mavenArtifact, mustRun } from '../../../src/brokers/provision/index.ts'
import { writeReport } from '../../../src/report/write-report.ts'
import { decodeHistogram, encodeHistogram, sumHistograms } from '../../../src/result/histogram.ts'
import type { IntervalLatency } from '../../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../../result/sample-result.ts'
import { skipLoudly } from '../../support/skip.ts'
import { javaWithCompiler } from '../pulsar/interop/java-client.ts'

const LIBRARY = { group: 'org.hdrhistogram', artifact: 'HdrHistogram', version: '2.2.2', type: 'jar' }
const SETUP_LIMIT_MS = 900_000
const TEST_LIMIT_MS = 120_000
const PERCENTILES = [0, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100]

const java = await javaWithCompiler()
const withJava = test.skipIf(
  typeof java === 'string' && skipLoudly(`HdrHistogram's own library needs ${java}`),
)
const trial = sampleTrial({ acknowledgedShare: 0.98, censored: 400 })
let directory = ''
let raw = ''
let jar = ''

beforeAll(async () => {
  if (typeof java === 'string') return
  directory = await mkdtemp(join(tmpdir(), 'bench-hdr-'))
  const result = sampleResult({ sides: [sampleSide('side', { trials: [trial] })] })
  raw = (await writeReport(result, directory)).rawData
  jar = await mavenArtifact(LIBRARY, () => {}, AbortSignal.timeout(SETUP_LIMIT_MS))
}, SETUP_LIMIT_MS)

afterAll(async () => {
  if (directory !== '') await rm(directory, { recursive: true, force: true })
})

/** What the program prints, a line a list of words. */
async function read(...args: readonly string[]): Promise<string[][]> {
  const { java: command, env } = java as Java
  const flags = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const program = [...flags, '-cp', jar, join(import.meta.dir, 'ReadHistograms.java')]
  const { stdout } = await mustRun(
    {
      command,
      args: [...program, ...args],
      env: { ...process.env, ...env },
      limitMs: TEST_LIMIT_MS,
      what: 'HdrHistogram',
      hint: 'see what it says above',
    },
    AbortSignal.timeout(TEST_LIMIT_MS),
  )
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ')]))
}

/** The same figures as the program's, by our library. */
function figures(hdrs: readonly string[]): number[] {
  const histogram = hdrs.length === 1 ? decodeHistogram(hdrs[0]!) : sumHistograms(hdrs)
  const values = PERCENTILES.map((percentile) => histogram.getValueAtPercentile(percentile))
  return [histogram.totalCount, ...values, histogram.maxValue]
}

for (const [name, title] of [
  ['publish', 'publish'],
  ['endToEnd', 'end-to-end'],
] as const) {
  withJava(
    `interval log of ${title}: every interval and their sum`,
    async () => {
      const lines = await read('log', join(raw, `side.${title}.hlog`))
      const latencies = trial.intervals.flatMap(({ latencies }): IntervalLatency[] =>
        latencies[name] === undefined ? [] : [latencies[name]],
      )
      expect(lines.map(([kind]) => kind)).toEqual([...latencies.map(() => 'interval'), 'sum'])
      const numbers = lines.map((words) => words.slice(1).map(Number))
      latencies.forEach(({ hdr }, i) => {
        expect(numbers[i]).toEqual([1_000, ...figures([hdr])])
      })
      expect(numbers.at(-1)).toEqual([0, ...figures(latencies.map(({ hdr }) => hdr))])
    },
    TEST_LIMIT_MS,
  )

  withJava(
    `percentile distribution of ${title}: every row, lower bounds too`,
    async () => {
      const { completed, censored } = trial.phases.measure.latencies[name]
      const encoded = join(directory, `${title}.base64`)
      await writeFile(encoded, encodeHistogram(sumHistograms([completed.hdr, censored.hdr])))
      const [line] = await read('distribution', join(raw, `side.${title}.ms.hgrm`), encoded)
      expect(line![0]).toBe('rows')
      expect(Number(line![1])).toBeGreaterThan(30)
      expect(line!.slice(2).map(Number)).toEqual(figures([completed.hdr, censored.hdr]))
    },
    TEST_LIMIT_MS,
  )
}
