// Goal: what docs/load-shapes.md shows works, and its figures are those of the code. Method: its YAML is planned, its CSV
// parsed, its commands made plans; limits and objectives are held against the constants.
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { STEADY } from '../../src/run/steady-state.ts'
import {
  BUILD_SLACK_S,
  DRAIN_SLACK_S,
  MAX_AUTO_WARMUP_S,
  MIN_AUTO_WARMUP_S,
} from '../../src/workload/limits.ts'
import { makePlan } from '../../src/workload/plan.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'
import { isSlo, parseSlo, SLO_COUNTS, SLO_LATENCIES, SLO_RATES } from '../../src/workload/slo.ts'
import { parseTrace } from '../../src/workload/trace.ts'
import { testFolder } from './files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const DOCS = readFileSync(resolve(PRODUCT_FOLDER, 'docs/load-shapes.md'), 'utf8')
const blocks = (language: string) =>
  [...DOCS.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text!)

describe('examples', () => {
  test.each(blocks('yaml').map((text, i) => [i + 1, text] as const))(
    'workload %i is planned',
    async (_, text) => {
      const workloadFile = folder.write('example.yaml', text)
      const { workload } = await makePlan({ workloadFile, drivers: 'kafka', cores: 2 })
      expect(workload.producerRateHz).toBeGreaterThan(0)
    },
  )

  test('the trace is one', () => {
    const parsed = parseTrace(blocks('csv')[0]!)
    if (!('trace' in parsed)) throw new Error(JSON.stringify(parsed.problems))
    expect(parsed.trace.durationUs).toBe(10e6)
  })

  test('the commands name shipped workloads', async () => {
    const files = [...DOCS.matchAll(/^ {4}bench plan (\S+)$/gm)].map(([, file]) => file!)
    expect(files).toHaveLength(3)
    for (const file of files) {
      await makePlan({ workloadFile: resolve(PRODUCT_FOLDER, file), drivers: 'kafka', cores: 2 })
    }
  })
})

test('figures are those of the code', () => {
  const figures = [
    `last ${STEADY.windowS} seconds`,
    `at least ${STEADY.keptShare * 100} %`,
    `at most ${STEADY.rateShare * 100} %`,
    `at most ${STEADY.p50Share * 100} % or ${STEADY.p50Us / 1000} ms`,
    `at most ${STEADY.p99Share * 100} % or ${STEADY.p99Us / 1000} ms`,
    `${MAX_AUTO_WARMUP_S} s unless given, ${MIN_AUTO_WARMUP_S} s at least`,
    `needs and ${BUILD_SLACK_S} s more`,
    `the build and ${DRAIN_SLACK_S} s more`,
  ]
  const text = DOCS.replaceAll(/\s+/g, ' ')
  expect(figures.filter((figure) => !text.includes(figure))).toEqual([])
})

test('every objective is named, and its examples are read', () => {
  for (const name of [...SLO_LATENCIES, ...SLO_COUNTS, ...SLO_RATES])
    expect(DOCS).toMatch(new RegExp(`\`${name}`))
  const examples = [
    'publishRate >= 99%',
    'publishRate >= 0.99',
    'publishRate >= 9000/s',
    'errors <= 0.1%',
    'backlog < 0.5s',
  ]
  for (const text of [...examples, ...SLO_LATENCIES.map((name) => `${name}.p99.99 < 1us`)]) {
    expect([text, isSlo(parseSlo(text))]).toEqual([text, true])
  }
})
