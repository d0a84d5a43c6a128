// Goal: what docs/search.md shows works, and its defaults are those of the code. Method: its YAML and its commands are
// planned; the table is held against the constants, its links against the files.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { THRESHOLDS } from '../../src/result/thresholds.ts'
import { makePlan } from '../../src/workload/plan.ts'
import { PRODUCT_FOLDER } from '../../src/workload/product-folder.ts'
import { SEARCH_DEFAULTS, searchSchema } from '../../src/workload/search.ts'
import { testFolder } from './files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const DOCS = readFileSync(resolve(PRODUCT_FOLDER, 'docs/search.md'), 'utf8')

test('the workload is planned', async () => {
  const [, text] = /```yaml\n([\s\S]*?)```/.exec(DOCS)!
  const { workload } = await makePlan({
    workloadFile: folder.write('w.yaml', text!),
    drivers: 'kafka',
    cores: 2,
  })
  expect(workload.search).toEqual({
    ...SEARCH_DEFAULTS,
    slos: ['publish.p99 < 20ms', 'endToEnd.p99.9 < 1s', 'errors == 0'],
    startHz: 5_000,
  })
})

test('the commands are plans', async () => {
  const commands = [
    ...DOCS.matchAll(/^ {4}\.\/bench (?:run|plan) (\S+) --search(?: '([^']+)')?(?: --drivers (\S+))?/gm),
  ]
  expect(commands).toHaveLength(3)
  for (const [, workloadFile, slos, drivers = 'kafka'] of commands) {
    const plan = await makePlan({
      workloadFile: resolve(PRODUCT_FOLDER, workloadFile!),
      search: slos ?? true,
      drivers,
      cores: 2,
    })
    expect(plan.workload.search!.slos).toEqual(slos?.split(', ') ?? [])
    expect(plan.sides).toHaveLength(drivers.split(',').length)
  }
  for (const [, script] of DOCS.matchAll(/npm run (\S+)/g)) {
    expect(Object.keys(packageJson.scripts)).toContain(script!)
  }
})

test('the table has every field with its default', () => {
  const { slos, startHz, maxHz, precision, stepS, settleS, drainS, confirmations, maxSteps, maxS } =
    SEARCH_DEFAULTS
  const rows = [...DOCS.matchAll(/^\| `(\w+)` +\| (\S+) /gm)].map(([, field, value]) => [field, value])
  expect(rows).toEqual([
    ['slo', slos.length === 0 ? 'none' : ''],
    ['startRate', `${startHz}`],
    ['maxRate', `${maxHz}`],
    ['precision', `${precision}`],
    ['stepSeconds', `${stepS}`],
    ['settleSeconds', `${settleS}`],
    ['drainSeconds', `${drainS}`],
    ['confirmations', `${confirmations}`],
    ['maxSteps', `${maxSteps}`],
    ['maxMinutes', `${maxS / 60}`],
  ])
  expect(rows.map(([field]) => field!).sort()).toEqual(Object.keys(searchSchema.shape).sort())
  expect(DOCS).toContain(`more than ${THRESHOLDS.backlogGrowthShare * 100} % of the rate`)
})

test('links lead somewhere', () => {
  for (const [, file] of DOCS.matchAll(/\]\(([\w-]+\.md)/g)) {
    expect(existsSync(resolve(PRODUCT_FOLDER, 'docs', file!))).toBe(true)
  }
})
