/**
 * Question: what does the live view cost the machine that measures? (Claim: less than 1 % CPU.)
 *
 * The same workload runs with and without `--live`, in turn (ABBA), with a page that reads all events and a scraper that
 * reads `/metrics` every second; both live in this process, so their own CPU is not counted. Compared are CPU seconds of
 * bench with all its workers and local brokers, per message acknowledged. Runs differ by more than the live view costs,
 * so it is also fed alone, with the same clients, as fast as it takes seconds: that shows the cost of one second of it.
 *
 *     npm run proof:live -- [--pairs 6] [--seconds 15] [--rate 5000] [--drivers rabbitmq]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { median, ratioInterval } from '../src/compare/statistics/index.ts'
import { createLiveRun, startLiveServer } from '../src/live/index.ts'
import type { ExperimentResult } from '../src/result/result.ts'
import type { RunEvent } from '../src/run/events.ts'

const MOST_ADDED = 0.01
const SCRAPE_EVERY_MS = 1_000
const ALONE_SECONDS = 2_000
/** Scrapes are fewer than events in the real thing, never more: one a second. */
const BURST = 20

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '15' },
    rate: { type: 'string', default: '5000' },
    drivers: { type: 'string' },
  },
})

const root = resolve(import.meta.dir, '..')
const folder = mkdtempSync(join(tmpdir(), 'bench-live-'))

async function main(): Promise<boolean> {
  const workload = join(folder, 'workload.yaml')
  writeFileSync(
    workload,
    `name: live\npartitionsPerTopic: 4\nmessageSize: 1024\nproducerRate: ${options.rate}\n` +
      `warmupDurationSeconds: 2\ntestDurationSeconds: ${options.seconds}\n`,
  )
  const drivers = options.drivers ?? join(root, 'test/support/drivers/fake.yaml')
  const costs: Record<'without' | 'with', number[]> = { without: [], with: [] }
  let cpuPerSecond = 0
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    for (const kind of pair % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const { cpuS, messages, spanS } = await runOnce(workload, drivers, kind === 'with')
      costs[kind].push((cpuS * 1e6) / messages)
      if (kind === 'without') cpuPerSecond = cpuS / spanS
      console.log(`${kind.padEnd(7)} --live: ${((cpuS * 1e6) / messages).toFixed(2)} µs of CPU a message`)
    }
  }
  const { ratio, low, high, level } = ratioInterval(costs.without, costs.with)
  console.log(
    `with / without: ${percent(ratio - 1)} (${(level * 100).toFixed(0)} % interval ${percent(low - 1)} to ${percent(high - 1)}); ` +
      `medians ${median(costs.without).toFixed(2)} and ${median(costs.with).toFixed(2)} µs a message`,
  )
  const aloneS = await costAlone()
  const share = aloneS / cpuPerSecond
  console.log(
    `one second of the live view alone, a page and a scrape included: ${(aloneS * 1e3).toFixed(3)} ms of CPU, ` +
      `${percent(share)} of the ${cpuPerSecond.toFixed(2)} s that bench took for each second`,
  )
  const holds = share < MOST_ADDED && low - 1 < MOST_ADDED
  console.log(`less than ${percent(MOST_ADDED)}: ${holds ? 'holds' : 'does NOT hold'}`)
  return holds
}

function percent(share: number): string {
  return `${share < 0 ? '−' : '+'}${(Math.abs(share) * 100).toFixed(2)} %`
}

async function runOnce(workload: string, drivers: string, live: boolean) {
  const args = ['run', workload, '--drivers', drivers, '--quiet', ...(live ? ['--live'] : [])]
  const startedMs = performance.now()
  const child = Bun.spawn([process.execPath, join(root, 'src/cli/main.ts'), ...args], {
    env: { ...process.env, BENCH_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const watching = live ? watch(child.stderr) : new Response(child.stderr).text()
  await Promise.all([child.exited, watching])
  const result: ExperimentResult = await Bun.file(join(folder, 'latest/result.json')).json()
  const { warmup, measure } = result.sides[0]!.trials[0]!.phases
  // The system adds up what all processes took that have ended below it.
  const cpuS = Number(child.resourceUsage()!.cpuTime.total) / 1e6
  const messages = warmup.counts.acknowledged + measure.counts.acknowledged
  return { cpuS, messages, spanS: (performance.now() - startedMs) / 1e3 }
}

/** Finds the address in what bench says, then reads events and metrics until it is gone. */
async function watch(stderr: ReadableStream<Uint8Array>): Promise<void> {
  let said = ''
  let clients: Promise<unknown> | null = null
  const decoder = new TextDecoder()
  for await (const chunk of stderr) {
    said += decoder.decode(chunk, { stream: true })
    const url = /live: (http\S+)/.exec(said)?.[1]
    if (url !== undefined) clients ??= readAll(url)
  }
  await clients
}

async function readAll(url: string): Promise<void> {
  const events = fetch(`${url}events`).then((response) => response.text())
  let open = true
  events.catch(() => {}).finally(() => (open = false))
  while (open) {
    await fetch(`${url}metrics`).then(
      (response) => response.text(),
      () => {},
    )
    await Bun.sleep(SCRAPE_EVERY_MS)
  }
}

/** CPU seconds of one second of the live view; its two clients run in this process and are counted with it. */
async function costAlone(): Promise<number> {
  const run = createLiveRun({
    ...{ workload: 'alone', version: '0', trialsPerSide: 1, sides: ['side'] },
    ...{ ratesHz: [1], messageBytes: 1, warmupS: 0, durationS: ALONE_SECONDS },
  })
  const server = startLiveServer(run, { port: 0 })
  const events = fetch(`${server.url}events`).then((response) => response.text())
  run.tell({ kind: 'trial', side: 'side', number: 1, of: 1, place: 0, places: 1, rateHz: 1 })
  const before = process.cpuUsage()
  for (let second = 1; second <= ALONE_SECONDS; second++) {
    run.tell(secondEvent(second))
    await (await fetch(`${server.url}metrics`)).text()
    if (second % BURST === 0) await Bun.sleep(1)
  }
  const { user, system } = process.cpuUsage(before)
  run.end({ sentence: 'over', tone: 'good', report: null })
  await Promise.all([server.close(), events.catch(() => {})])
  return (user + system) / 1e6 / ALONE_SECONDS
}

function secondEvent(elapsedS: number): RunEvent {
  const latency = { count: 5_000, p50Us: 1_234, p99Us: 5_678, maxUs: 12_345 }
  return {
    kind: 'second',
    side: 'side',
    phase: 'measure',
    startS: elapsedS - 1,
    elapsedS,
    totalS: ALONE_SECONDS,
    ...{ scheduledHz: 5_000, acknowledgedHz: 5_000, receivedHz: 5_000, behind: 7, backlog: 9, failed: 0 },
    counts: { scheduled: 5_000, acknowledged: 5_000, rejected: 0, unknown: 0, received: 5_000 },
    errors: {},
    publish: latency,
    endToEnd: latency,
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
