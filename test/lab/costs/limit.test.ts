// Goal: `--dry-run` tells the price, `--max-cost` refuses what would cost more and what has no known price, and stops what
// has reached it. Method: the command line without AWS, which it must not need; the watch with a clock that tests hold.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { buildCli } from '../../../src/cli/cli.ts'
import type { Output } from '../../../src/cli/output.ts'
import { labPrices } from '../../../src/lab/costs/lab-prices.ts'
import type { Life } from '../../../src/lab/experiment/life.ts'
import { watching } from '../../../src/lab/experiment/watch.ts'
import { testFolder } from '../../workload/files.ts'
import { DOUBLE_TABLE, recordOf } from './bill-server.ts'
import { HOUR_MS } from './support.ts'

const folder = testFolder()
const before = { home: process.env.BENCH_HOME, endpoint: process.env.AWS_ENDPOINT_URL }
beforeAll(() => {
  process.env.BENCH_HOME = join(folder.path, 'home')
  // Nobody listens there: whoever asks AWS fails.
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9'
})
afterAll(() => {
  for (const [name, value] of [
    ['BENCH_HOME', before.home],
    ['AWS_ENDPOINT_URL', before.endpoint],
  ] as const) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  folder.remove()
})

const PLAN = ['--test-plan', 'workloads/plans/poc.yaml']

async function bench(...argv: string[]) {
  const lines: string[] = []
  const out: Output = {
    stdout: (line) => lines.push(line),
    stderr: () => {},
    ...{ interactive: false, columns: 100 },
  }
  const code = await buildCli(argv, out, new AbortController().signal)
  return { code, text: lines.join('\n') }
}

const configWith = (type: string) =>
  folder.write(`${type}/infrastructure.yaml`, `compute:\n  client:\n    instance_type: ${type}\n`)

test('a dry run tells what it costs, by service and role, and of when the prices are', async () => {
  const { code, text } = await bench('full', ...PLAN, '--dry-run')
  expect(code).toBe(0)
  expect(text).toMatch(/price: about \$0\.\d\d an hour, \$0\.\d\d in all/)
  expect(text).toMatch(/service Amazon Elastic Compute Cloud - Compute: \$0\.\d{4}/)
  expect(text).toMatch(/role client: \$0\.\d{4}/)
  expect(text).toMatch(/prices of \d{4}-\d\d-\d\d/)
})

test('a dry run names what has no price, and prices of your own give it one', async () => {
  const config = configWith('x9.huge')
  const unknown = await bench('full', ...PLAN, '--dry-run', '--config', config)
  expect(unknown.text).toContain('price: not known')
  expect(unknown.text).toContain('no price is known of x9.huge on demand in us-west-2 (--prices FILE)')
  const table = JSON.stringify(DOUBLE_TABLE).replaceAll('m5.large', 'x9.huge')
  const known = await bench(
    'full',
    ...PLAN,
    '--dry-run',
    '--config',
    config,
    '--prices',
    folder.write('own.yaml', table),
  )
  expect(known.text).toContain('price: about $')
})

test('what would cost more than the limit is refused with an exit code of its own, before anything is made', async () => {
  const failure = await bench('full', ...PLAN, '--max-cost', '0.01').catch((error) => error)
  expect(failure).toMatchObject({ exitCode: 10 })
  expect(failure.message).toContain('--max-cost: expected an estimate of at most $0.01, got $0.0')
})

test('a limit on what has no price is refused', async () => {
  const config = configWith('x9.huge')
  for (const argv of [['full', ...PLAN], ['setup']]) {
    const asked = bench(...argv, '--config', config, '--max-cost', '100')
    const failure = await asked.catch((error) => error)
    expect(failure).toMatchObject({ code: 'CONFIG', exitCode: 3 })
    expect(failure.message).toContain('x9.huge on demand in us-west-2')
  }
})

test('a run that has reached the limit is stopped at that moment, and not before', async () => {
  const record = { ...recordOf(0, null), state: 'running' as const, maxCostUsd: 1 }
  let nowMs = 0
  const looks: number[] = []
  const life = {
    record: () => record,
    environment: {
      limits: { watchEveryMs: HOUR_MS },
      prices: labPrices(DOUBLE_TABLE),
      clock: {
        wallMs: () => {
          looks.push(nowMs)
          return nowMs
        },
        sleep: async (delayMs: number, signal: AbortSignal) => {
          signal.throwIfAborted()
          nowMs += delayMs
        },
      },
    },
  } as unknown as Life
  const stopped = watching(life, { machines: [] }, new AbortController().signal, async ({ signal }) => {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const failure = await stopped.catch((error) => error)
  expect(failure).toMatchObject({ exitCode: 10 })
  const hourly = labPrices(DOUBLE_TABLE).ofRecord(record, HOUR_MS)!.usdPerHour
  expect(looks.at(-1)).toBe(Math.ceil(1 / hourly) * HOUR_MS)
})
