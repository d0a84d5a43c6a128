// Goal: `bench cost` tells estimate, bill and their difference, keeps both in the experiment's folder and in the reports of
// its runs, and changes nothing else. Method: the command line against the double's Cost Explorer, in a home of its own.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCli } from '../../../src/cli/cli.ts'
import type { Output } from '../../../src/cli/output.ts'
import { runReport } from '../../../src/cli/report.ts'
import { type CostsFile, costsFileSchema } from '../../../src/lab/costs/costs-file.ts'
import { type ExperimentRecord, recordText } from '../../../src/lab/experiment/record.ts'
import { parseResult } from '../../../src/result/parse-result.ts'
import { DENIED } from '../../aws/double/faults.ts'
import { sampleResult, sampleSide } from '../../result/sample-result.ts'
import { type BillServer, billed, DOUBLE_TABLE, recordOf, startBillServer } from './bill-server.ts'
import { HOUR_MS } from './support.ts'

// Reports are large files.
setDefaultTimeout(60_000)

const DAY_MS = 24 * HOUR_MS
const NOW_MS = Date.now()
/** Five days ago, for eight hours. */
const FROM_MS = NOW_MS - 5 * DAY_MS
const RECORD = recordOf(FROM_MS, FROM_MS + 8 * HOUR_MS)
const VARIABLES = ['BENCH_HOME', 'AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
const before = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]))

let home = ''
let server: BillServer
let prices = ''
const folderOf = (id = RECORD.experimentId) => join(home, id)
const costsOf = (): CostsFile =>
  costsFileSchema.parse(JSON.parse(readFileSync(join(folderOf(), 'costs.json'), 'utf8')))

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'bench-cost-'))
  server = startBillServer(NOW_MS)
  Object.assign(process.env, { ...server.environment, BENCH_HOME: home })
  prices = join(home, 'prices.yaml')
  await writeFile(prices, JSON.stringify(DOUBLE_TABLE))
  await place(RECORD)
})
afterEach(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

/** The experiment in the home, with one run of two sides, of which one is no system of the lab. */
async function place(record: ExperimentRecord): Promise<void> {
  const run = join(folderOf(record.experimentId), 'runs', 'steady-1')
  await mkdir(run, { recursive: true })
  await writeFile(join(folderOf(record.experimentId), 'experiment.json'), recordText(record))
  const result = sampleResult({
    startedAt: new Date(FROM_MS + HOUR_MS).toISOString(),
    endedAt: new Date(FROM_MS + 2 * HOUR_MS).toISOString(),
    sides: [sampleSide('kafka', { driver: 'kafka' }), sampleSide('fake', { driver: 'fake' })],
  })
  await writeFile(join(run, 'result.json'), JSON.stringify(result))
}

async function bench(...argv: string[]) {
  const lines: string[] = []
  const talk: string[] = []
  const out: Output = {
    stdout: (line) => lines.push(line),
    stderr: (line) => talk.push(line),
    ...{ interactive: false, columns: 100 },
  }
  const code = await buildCli(argv, out, new AbortController().signal)
  return { code, text: lines.join('\n'), talk: talk.join('\n') }
}

const resultOf = () => {
  const file = join(folderOf(), 'runs', 'steady-1', 'result.json')
  return parseResult(readFileSync(file, 'utf8'), file)
}

test('with the prices of the bill, estimate and bill agree in every service and role', async () => {
  billed(server, RECORD)
  const { code, text } = await bench('cost', 'latest', '--prices', prices)
  expect(code).toBe(0)
  const { estimate, bill, difference, services, roles, perMillion } = costsOf()
  expect(estimate.unknown).toEqual([])
  expect(bill.totalUsd!).toBeCloseTo(estimate.totalUsd, 9)
  expect(difference!.share!).toBeCloseTo(0, 9)
  expect(roles.map(({ name }) => name).toSorted()).toEqual(['client', 'kafka'])
  for (const { billedUsd, estimatedUsd } of [...services, ...roles])
    expect(billedUsd!).toBeCloseTo(estimatedUsd!, 9)
  expect(perMillion.billing).toBe('billed')
  expect(text).toContain('bill: final')
  expect(text).toContain('Amazon Elastic Compute Cloud - Compute')
  expect(text).toMatch(/in all +0\.\d{4} +0\.\d{4}/)
})

test('a bill that differs from the estimate says by how much, and the sides follow the bill', async () => {
  billed(server, RECORD)
  const table = JSON.parse(JSON.stringify(DOUBLE_TABLE).replaceAll('0.0208', '0.0104'))
  await writeFile(prices, JSON.stringify(table))
  const { text } = await bench('cost', 'cost-1', '--prices', prices)
  const { difference, sides, services } = costsOf()
  const half = 8 * 2 * 0.0104
  expect(difference!.usd).toBeCloseTo(half, 9)
  expect(services.find(({ name }) => name.includes('Compute'))!.differenceUsd!).toBeCloseTo(half, 9)
  expect(text).toMatch(/\(\+\d+\.\d %\)/)
  // Only the system of the lab has machines; it had them and the load generator to itself.
  expect(sides.map(({ side, billing }) => [side, billing])).toEqual([['kafka', 'billed']])
  const disks = (70 * 0.08) / 730
  expect(sides[0]!.perHourUsd).toBeCloseTo(2 * 0.0208 + 0.35 * 0.0416 + 3 * 0.005 + disks, 9)
})

test('an experiment that is not on the bill yet has its estimate, and the bill comes later', async () => {
  const first = await bench('cost', 'latest', '--prices', prices, '--json')
  expect(first.code).toBe(0)
  const estimated = costsFileSchema.parse(JSON.parse(first.text))
  expect(estimated.bill.totalUsd).toBeNull()
  expect(estimated.difference).toBeNull()
  expect(resultOf().costs.billing).toBe('estimated')
  billed(server, RECORD)
  await bench('cost', 'latest', '--prices', prices)
  expect(costsOf().bill.state).toBe('final')
  expect(resultOf().costs.billing).toBe('billed')
})

test('what was billed stays when AWS is not asked again, or cannot be', async () => {
  billed(server, RECORD)
  await bench('cost', 'latest', '--prices', prices)
  const { bill } = costsOf()
  expect((await bench('cost', 'latest', '--prices', prices, '--estimate')).code).toBe(0)
  expect(costsOf().bill).toEqual(bill)
  server.faults.add({ service: 'ce', action: 'GetCostAndUsage', error: DENIED.ssm })
  const denied = await bench('cost', 'latest', '--prices', prices)
  expect(denied.code).toBe(4)
  expect(denied.talk).toContain('allow ce:GetCostAndUsage')
  expect(costsOf().bill).toEqual(bill)
})

test('the estimate asks nobody, and nothing of AWS is ever changed', async () => {
  for (const id of [['latest'], ['--experiment-id', 'cost-1'], []])
    expect((await bench('cost', ...id, '--estimate')).code).toBe(0)
  for (const action of ['GetCostAndUsage', 'ListCostAllocationTags'])
    expect(server.faults.calls('ce', action)).toBe(0)
  const record = readFileSync(join(folderOf(), 'experiment.json'), 'utf8')
  billed(server, RECORD)
  // Anything but a question to Cost Explorer would be answered by 500.
  expect((await bench('cost', 'latest')).code).toBe(0)
  expect(readFileSync(join(folderOf(), 'experiment.json'), 'utf8')).toBe(record)
})

test('the report shows the costs of the experiment, and keeps them when it is made anew', async () => {
  billed(server, RECORD)
  await bench('cost', 'latest', '--prices', prices)
  const page = () => readFileSync(join(folderOf(), 'runs', 'steady-1', 'report', 'index.html'), 'utf8')
  const shows = (html: string) => {
    expect(html).toContain('Experiment cost-1, USD')
    expect(html).toContain('Amazon Elastic Compute Cloud - Compute')
    expect(html).toContain('Money: billed, in USD')
    expect(html).toContain('cost per million messages, billed')
    expect(html).toContain('a million messages published')
  }
  shows(page())
  rmSync(join(folderOf(), 'runs', 'steady-1', 'report'), { recursive: true })
  const out: Output = { stdout: () => {}, stderr: () => {}, interactive: false, columns: 100 }
  await runReport({ experimentId: `${folderOf()}/runs/steady-1`, json: false, quiet: true }, out)
  shows(page())
  const own = JSON.parse(readFileSync(join(folderOf(), 'runs', 'steady-1', 'report', 'costs.json'), 'utf8'))
  expect(own.whole.roles.map(({ name }: { name: string }) => name).toSorted()).toEqual(['client', 'kafka'])
})

test('an unknown type is said, and no side that has it gets a price', async () => {
  const instances = RECORD.instances.map((each) => ({ ...each, instanceType: 'x9.huge' }))
  await place({ ...RECORD, instances })
  const { text } = await bench('cost', 'latest', '--estimate')
  expect(text).toContain('no price is known of x9.huge on demand in us-west-2, x9.huge spot in us-west-2')
  const { sides, services } = costsOf()
  expect(sides).toEqual([])
  expect(services.find(({ name }) => name.includes('Compute'))!.estimatedUsd).toBeNull()
})

test('another tag is shown by its values, and one that is not activated is refused by name', async () => {
  billed(server, RECORD, { team: 'blue' })
  const { code, text } = await bench('cost', 'latest', '--tag', 'team')
  expect(code).toBe(0)
  expect(text).toContain('tag team from ')
  expect(text).toContain('blue')
  expect(costsOf().tags[0]!.totalUsd).toBeCloseTo(costsOf().bill.totalUsd!, 9)
  server.activeTags.delete('team')
  const failure = await bench('cost', 'latest', '--tag', 'team=blue').catch((error) => error)
  expect(failure).toMatchObject({ code: 'CONFIG' })
})

test('options that make no sense are refused', async () => {
  for (const argv of [
    ['cost', 'latest', '--tag', '=x'],
    ['cost', 'latest', '--tag', 'team', '--estimate'],
    ['cost', 'nope'],
  ])
    expect(await bench(...argv).catch((error) => error)).toMatchObject({ code: 'USAGE' })
})
