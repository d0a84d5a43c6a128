// Goal: every command of docs/costs.md works, its file of prices is one, and what it says is counted is what is. Method:
// the commands are taken from the page and run, against the double's Cost Explorer and AWS's own command line.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildCli } from '../../../src/cli/cli.ts'
import type { Output } from '../../../src/cli/output.ts'
import { BILL_DELAY_MS } from '../../../src/lab/costs/bill-summary.ts'
import { priceTableSchema } from '../../../src/lab/costs/price-schema.ts'
import { recordText } from '../../../src/lab/experiment/record.ts'
import { PRODUCT_FOLDER } from '../../../src/workload/product-folder.ts'
import { readYaml } from '../../../src/workload/yaml-source.ts'
import { REGION } from '../../aws/double/clients.ts'
import { awsTools } from '../../aws/double/moto.ts'
import { skipLoudly } from '../../support/skip.ts'
import { testFolder } from '../../workload/files.ts'
import { type BillServer, billed, recordOf, startBillServer } from './bill-server.ts'
import { HOUR_MS } from './support.ts'

setDefaultTimeout(60_000)

const DOCS = readFileSync(resolve(PRODUCT_FOLDER, 'docs/costs.md'), 'utf8')
const WITHOUT_YAML = DOCS.replaceAll(/```[\s\S]*?```/g, '')
const commands = [...WITHOUT_YAML.matchAll(/^ {4}(\S.*?)(?: +#.*)?$/gm)].map(([, text]) => text!)
const [pricesText] = [...DOCS.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!)
const folder = testFolder()
const pricesFile = folder.write('my-prices.yaml', pricesText!)
const tools = await awsTools(console.log)
const skipsAws = typeof tools === 'string' && skipLoudly(`AWS's command line needs ${tools}`)
const variables = ['BENCH_HOME', 'AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
const before = variables.map((name) => [name, process.env[name]] as const)
let server: BillServer

beforeAll(() => {
  const nowMs = Date.now()
  const fromMs = nowMs - BILL_DELAY_MS * 4
  const record = recordOf(fromMs, fromMs + HOUR_MS)
  server = startBillServer(nowMs)
  billed(server, record, { team: 'data-platform' })
  mkdirSync(join(folder.path, 'home', record.experimentId), { recursive: true })
  folder.write(`home/${record.experimentId}/experiment.json`, recordText(record))
  Object.assign(process.env, { ...server.environment, BENCH_HOME: join(folder.path, 'home') })
})
afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  await server.stop()
  folder.remove()
})

async function bench(argv: readonly string[]) {
  const lines: string[] = []
  const out: Output = {
    stdout: (line) => lines.push(line),
    stderr: () => {},
    ...{ interactive: false, columns: 100 },
  }
  const code = await buildCli(argv, out, new AbortController().signal)
  return { code, text: lines.join('\n') }
}

/** Words of a command of ours; the file of prices where the test has it. */
const wordsOf = (command: string) =>
  command
    .slice('./bench '.length)
    .split(' ')
    .map((word) => (word === 'my-prices.yaml' ? pricesFile : word))

test('the page shows commands of bench and of AWS, and nothing else', () => {
  expect(commands.length).toBeGreaterThan(8)
  expect(commands.filter((each) => !/^(\.\/bench|aws ce) /.test(each))).toEqual([])
})

/** It makes an experiment: whether it is refused at the limit is asked of it with a limit that it reaches. */
const MAKES = '--max-cost 5'

for (const command of commands.filter((each) => each.startsWith('./bench') && !each.includes(MAKES)))
  test(command, async () => {
    const { code, text } = await bench(wordsOf(command))
    expect(code).toBe(0)
    expect(text).not.toBe('')
  })

test('the limit on costs is one', async () => {
  const command = commands.find((each) => each.includes(MAKES))!
  const refused = bench(wordsOf(command.replace(MAKES, '--max-cost 0.01')))
  expect(await refused.catch((error) => error)).toMatchObject({ exitCode: 10 })
})

test('the file of prices is one', async () => {
  const { data } = await readYaml(pricesFile)
  expect(priceTableSchema.safeParse(data)).toMatchObject({ success: true })
})

test.skipIf(skipsAws)('the tags are activated by the command of AWS', async () => {
  server.activeTags.clear()
  const [, ...words] = commands.find((each) => each.startsWith('aws '))!.split(' ')
  const home = (tools as { readonly home: string }).home
  const child = Bun.spawn([join(home, 'bin/aws'), ...words], {
    env: { ...process.env, ...server.environment, AWS_DEFAULT_REGION: REGION },
    ...{ stdout: 'pipe', stderr: 'pipe' },
  })
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ''])
  expect([...server.activeTags].toSorted()).toEqual(['ExperimentID', 'Role'])
})

test('states of the bill are called as they are printed', async () => {
  const printed = readFileSync(resolve(PRODUCT_FOLDER, 'src/lab/costs/bill-summary.ts'), 'utf8')
  for (const words of ['not known yet', 'so far', 'final', 'AWS may still change']) {
    expect(DOCS).toContain(`\`${words}`)
    expect(printed).toContain(words)
  }
})
