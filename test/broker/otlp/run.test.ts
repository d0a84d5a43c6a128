// Goal: `bench run` puts the gateway to the test as a person would: everything arrives masked over both transports and
// both kinds of record, several sinks share their ports, and what is not masked or lost in a crash is told.
// Method: the command, shortened; its result is read.
import { afterAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../../src/result/result.ts'
import { benchHome } from '../../support/bench.ts'

const LIMIT_MS = 200_000
const home = benchHome()
afterAll(() => home.remove())

async function latest(): Promise<ExperimentResult> {
  return await Bun.file(join(home.path, 'latest/result.json')).json()
}

test(
  'gateway-smoke, shortened: all four sides intact and masked',
  async () => {
    const finished = await home.run([
      'run',
      'workloads/gateway-smoke.yaml',
      '--duration',
      '3s',
      '--warmup',
      '1s',
    ])
    const { sides } = await latest()
    expect(sides.map(({ label, error }) => [label, error])).toEqual(
      ['otlp', 'otlp-grpc', 'otlp-span', 'otlp-in-place'].map((label) => [label, null]),
    )
    for (const { trials } of sides) {
      const { audits, verdict, consumeErrors, promise, server } = trials[0]!
      expect(audits[0]).toMatchObject({
        sent: 4000,
        acknowledged: 4000,
        distinct: 4000,
        lost: 0,
        corrupted: 0,
      })
      expect(consumeErrors).toEqual({})
      expect(verdict.integrity).toBe('intact')
      expect(promise).toMatchObject({ delivery: 'best-effort', violationKinds: ['tenant_id not masked'] })
      expect(server.settings.GATEWAY_QUEUE_CAPACITY).toBe('65536')
      expect(server.notes.join()).toContain('accepted in memory')
      expect(server.usage!.cpuS).toBeGreaterThan(0)
    }
    expect([0, 6]).toContain(finished.exitCode)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'three topics, two sink processes on the same ports: every message finds its topic',
  async () => {
    const workload = join(home.path, 'topics.yaml')
    writeFileSync(
      workload,
      'topics: 3\nconsumerPerSubscription: 2\nmessageSize: 256\nproducerRate: 900\ntestDurationSeconds: 3\nwarmupDurationSeconds: 1\n',
    )
    await home.run(['run', workload, '--workers', '2', '--drivers', 'otlp'])
    const trial = (await latest()).sides[0]!.trials[0]!
    expect(trial.workers.filter(({ role }) => role === 'consumer')).toHaveLength(2)
    expect(trial.audits.map(({ distinct, lost }) => [distinct, lost])).toEqual([1, 2, 3].map(() => [1200, 0]))
    expect(trial.verdict.integrity).toBe('intact')
  },
  LIMIT_MS,
)

test(
  'more records in a request than the gateway edits: integrity violated, exit code 8',
  async () => {
    const side = 'otlp+batchMessages=400+lingerMs=1000'
    const args = [
      'run',
      'workloads/gateway-smoke.yaml',
      '--duration',
      '3s',
      '--warmup',
      '1s',
      '--drivers',
      side,
    ]
    const finished = await home.run(args)
    const trial = (await latest()).sides[0]!.trials[0]!
    expect(trial.consumeErrors['tenant_id not masked']).toBeGreaterThan(0)
    expect(trial.verdict.integrity).toBe('violated')
    expect(trial.audits[0]).toMatchObject({ lost: 0 })
    expect(finished.exitCode).toBe(8)
  },
  LIMIT_MS,
)

/** The gateway's process below this home. */
function gatewayPid(): number {
  const found = readdirSync('/proc').filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return (
        words.includes('gateway/main.ts') && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(home.path)
      )
    } catch {
      return false
    }
  })
  expect(found).toHaveLength(1)
  return Number(found[0])
}

test(
  'the gateway is killed in mid-run: the trial ends, and tells what was refused and lost',
  async () => {
    const args = [
      'run',
      'workloads/gateway-smoke.yaml',
      '--duration',
      '4s',
      '--warmup',
      '1s',
      '--drivers',
      'otlp',
    ]
    const running = home.start(args)
    await running.seen(/measure 3\//)
    process.kill(gatewayPid(), 'SIGKILL')
    await running.finished
    const trial = (await latest()).sides[0]!.trials[0]!
    const { acknowledged, rejected, sent } = trial.phases.measure.counts
    expect(rejected).toBeGreaterThan(0)
    expect(acknowledged).toBeLessThan(sent)
    expect(trial.publishErrors['no connection']).toBeGreaterThan(0)
    expect(trial.verdict.measurement).not.toBe('valid')
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
