// Goal: the main command on real brokers, single and cluster, survives what happens to them. Method: `bench run` as a
// person would, shorter; the audit must have found every message, and nothing may stay behind.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fairnessOf } from '../../../src/compare/fairness.ts'
import { perMessage, tookOf } from '../../../src/compare/took.ts'
import type { ExperimentResult, TrialResult } from '../../../src/result/result.ts'
import { tcpCounterReader } from '../../../src/run/usage/tcp-counters.ts'
import { benchHome } from '../../support/bench.ts'

const LIMIT_MS = 400_000
const home = benchHome()
afterAll(() => home.remove())

async function latest(): Promise<ExperimentResult> {
  return await Bun.file(join(home.path, 'latest/result.json')).json()
}

/** Process ids of the servers below this home: of each node the JVM or the Erlang VM, where its command line matches. */
function serverPids(pattern: RegExp): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return (
          /(^|\/)(java|beam\.smp)$/.test(words[0]!) &&
          words.some((word) => word.includes(home.path)) &&
          pattern.test(words.join(' '))
        )
      } catch {
        return false
      }
    })
    .map(Number)
}

/** Of local brokers nothing is unknown, and each says what it is known for. */
function expectFair(result: ExperimentResult): void {
  const { rows } = fairnessOf(result)
  const rowOf = (key: string) => rows.find((row) => row.key === key)!.values
  expect(rows.filter(({ values }) => values.includes(null)).map(({ name }) => name)).toEqual([])
  expect(rowOf('acknowledgedBy')).toEqual([
    'the only copy',
    'the only copy',
    'the only copy',
    'one server, in memory',
  ])
  expect(rowOf('copies')).toEqual(['1', '1', '1', '0'])
  expect(rowOf('syncedAtAck')).toEqual(['no', 'yes', 'no', 'no'])
  expect(rowOf('partitions')).toEqual(['16', '16, as queues', '16', 'none'])
  for (const [i, platform] of [/^OpenJDK \d/, /^Erlang\/OTP \d/, /^OpenJDK \d/, /^Bun \d/].entries())
    expect(rowOf('platform')[i]).toMatch(platform)
}

/** Every message of 1 KB goes over the wire; what stores it writes it to the disk. */
function expectTaken(trial: TrialResult, driver: string): void {
  const took = tookOf(trial)
  expect(took.clientRssBytes).toBeGreaterThan(50_000_000)
  expect(took.diskWrittenBytes).not.toBeNull()
  if (driver === 'otlp') expect(took.diskGrowthBytes).toBeNull()
  else expect(took.diskGrowthBytes).toBeGreaterThan(0)
  if (tcpCounterReader()?.() == null) return
  const [client, broker] = [trial.clientWire!, trial.server.usage!.wire!]
  // On a busy machine some of it is sent after measure.
  expect(perMessage(client.sentBytes, trial)).toBeGreaterThan(100)
  expect(perMessage(client.sentBytes, trial)).toBeLessThan(3000)
  // Both ends count the same payload; a server may also talk to itself.
  expect(broker.receivedBytes / client.sentBytes).toBeGreaterThan(0.7)
  expect(broker.sentBytes / client.receivedBytes).toBeGreaterThan(0.7)
}

test(
  'poc, shortened: all brokers, every message checked, a report, nothing left',
  async () => {
    const finished = await home.run(['run', 'workloads/poc.yaml', '--duration', '6s', '--rate', '5000'])
    const result = await latest()
    expect(result.sides.map((side) => [side.label, side.error])).toEqual([
      ['kafka', null],
      ['rabbitmq', null],
      ['pulsar', null],
      ['otlp', null],
    ])
    for (const side of result.sides) {
      const trial = side.trials[0]!
      const { verdict, phases, audits } = trial
      expect(verdict.integrity).toBe('intact')
      // 5,000 a second for 3 s of warm-up and 6 s of measure, whatever the broker did.
      expect(phases.warmup.counts.scheduled + phases.measure.counts.scheduled).toBe(45_000)
      expect(audits[0]).toMatchObject({ lost: 0, corrupted: 0, wrongPartition: 0 })
      if (trial.promise.orderDomain !== 'none') expect(audits[0]!.outOfOrder).toBe(0)
      expect(trial.server.version).toMatch(/^\d+\.\d+/)
      expect(trial.server.usage!.cpuS).toBeGreaterThan(0)
      const { count } = phases.measure.latencies.endToEnd.summary
      expect(count).toBe(phases.measure.counts.scheduled)
    }
    // Into a container bench does not look.
    const native = result.sides.filter(({ trials }) => trials[0]!.server.runtime === 'native')
    for (const side of native) expectTaken(side.trials[0]!, side.driver)
    if (native.length === result.sides.length) expectFair(result)
    expect([0, 6]).toContain(finished.exitCode)
    expect(existsSync(join(home.path, 'latest/report/index.html'))).toBe(true)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

const CLUSTER = join(home.path, 'cluster.yaml')
writeFileSync(
  CLUSTER,
  'partitionsPerTopic: 4\nmessageSize: 512\nproducerRate: 500\ntestDurationSeconds: 20\nwarmupDurationSeconds: 5\n',
)

// A killed broker of Pulsar keeps its topics until ZooKeeper misses it, after 30 s.
test.each([
  { name: 'kafka', nodes: /./, count: 3, duration: '20s' },
  { name: 'rabbitmq', nodes: /./, count: 3, duration: '20s' },
  { name: 'pulsar', nodes: /PulsarBrokerStarter/, count: 2, duration: '40s' },
])(
  '$name: kill -9 of one of several nodes in mid-run loses nothing acknowledged',
  async ({ name, nodes, count, duration }) => {
    const running = home.start([
      ...['run', CLUSTER, '--topology', 'cluster', '--drivers', name, '--duration', duration],
    ])
    await running.seen(/measure 1\d\//)
    const pids = serverPids(nodes)
    expect(pids).toHaveLength(count)
    process.kill(pids[0]!, 'SIGKILL')
    const finished = await running.finished
    const result = await latest()
    const trial = result.sides[0]!.trials[0]!
    expect(trial.interrupted).toBeNull()
    expect(trial.phases.measure.counts.acknowledged).toBeGreaterThan(0)
    expect(trial.audits[0]).toMatchObject({ acknowledgedLost: 0, corrupted: 0, wrongPartition: 0 })
    expect(trial.verdict.integrity).not.toBe('violated')
    expect([0, 6, 9]).toContain(finished.exitCode)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'Ctrl-C while a broker starts, and while it is measured',
  async () => {
    for (const moment of [/broker: starting/, /measure [23]\//]) {
      const running = home.start([
        'run',
        'workloads/poc.yaml',
        '--duration',
        '60s',
        '--rate',
        '1000',
        '--warmup',
        '1s',
        '--drivers',
        'kafka',
      ])
      await running.seen(moment)
      running.signal('SIGINT')
      expect(await running.finished).toMatchObject({ exitCode: 130 })
      expect((await latest()).partial).toContain('SIGINT')
      expect(await home.leftovers()).toEqual([])
    }
  },
  LIMIT_MS,
)
