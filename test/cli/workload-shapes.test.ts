// Goal: every kind of traffic a workload can describe passes through processes and sockets with books that balance.
// Method: many topics, subscriptions, consumers and workers; the smallest message; each key distributor and payload.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'
import { expectSound } from '../support/sound.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
afterAll(() => home.remove())

const DURATIONS = 'testDurationSeconds: 2\nwarmupDurationSeconds: 1\n'

async function trialOf(text: string, ...options: string[]): Promise<TrialResult> {
  const workload = join(home.path, 'workload.yaml')
  writeFileSync(workload, text + DURATIONS)
  const finished = await home.run(['run', workload, '--drivers', FAKE, ...options])
  const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
  expectSound(finished, result)
  return result.sides[0]!.trials[0]!
}

test(
  '10 topics × 2 subscriptions × 3 consumers over 4 workers',
  async () => {
    const trial = await trialOf(
      'topics: 10\npartitionsPerTopic: 3\nmessageSize: 100\nsubscriptionsPerTopic: 2\n' +
        'consumerPerSubscription: 3\nproducerRate: 1000\n',
      '--workers',
      '4',
    )
    expect(trial.workers).toHaveLength(8)
    expect(trial.audits).toHaveLength(20)
    for (const audit of trial.audits) expect(audit).toMatchObject({ sent: 300, distinct: 300, lost: 0 })
    const { counts, delivered, latencies } = trial.phases.measure
    expect(counts).toMatchObject({ scheduled: 2000, sent: 2000, acknowledged: 2000 })
    expect(delivered).toBe(4000)
    expect(latencies.endToEnd.summary.count).toBe(4000)
  },
  LIMIT_MS,
)

test(
  'more workers than producers: consumers are spread all the same',
  async () => {
    const trial = await trialOf(
      'topics: 1\npartitionsPerTopic: 4\nmessageSize: 48\nconsumerPerSubscription: 3\nproducerRate: 500\n',
      '--workers',
      '3',
    )
    expect(trial.workers.filter(({ role }) => role === 'producer')).toHaveLength(1)
    expect(trial.workers.filter(({ role }) => role === 'consumer')).toHaveLength(3)
    expect(trial.audits[0]).toMatchObject({ sent: 1500, distinct: 1500, lost: 0, duplicated: 0 })
  },
  LIMIT_MS,
)

writeFileSync(join(home.path, 'body.bin'), new Uint8Array(300).fill(7))
test.each([
  ['KEY_ROUND_ROBIN', 'messageSize: 48\nkeyDistributor: KEY_ROUND_ROBIN\n'],
  ['RANDOM_NANO', 'messageSize: 100\nkeyDistributor: RANDOM_NANO\n'],
  [
    'random payloads',
    'messageSize: 300\nuseRandomizedPayloads: true\nrandomBytesRatio: 0.5\nrandomizedPayloadPoolSize: 20\n',
  ],
  ['a payload file', 'messageSize: 300\npayloadFile: body.bin\n'],
])(
  '%s',
  async (_name, fields) => {
    const trial = await trialOf(`topics: 2\npartitionsPerTopic: 3\nproducerRate: 2000\n${fields}`)
    for (const audit of trial.audits) {
      expect(audit).toMatchObject({ sent: 3000, distinct: 3000, lost: 0, outOfOrder: 0, corrupted: 0 })
    }
  },
  LIMIT_MS,
)

test(
  'a consumer rate below the producers’ leaves a backlog that the drain takes',
  async () => {
    const workload = join(home.path, 'slow.yaml')
    writeFileSync(
      workload,
      `topics: 1\nmessageSize: 100\nproducerRate: 1000\nconsumerRate: 300\n${DURATIONS}`,
    )
    await home.run(['run', workload, '--drivers', FAKE])
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    const trial = result.sides[0]!.trials[0]!
    // 3 s at 1,000 came, at 300 they went, in bursts: the rest is backlog, and then the drain.
    expect(trial.backlogAtEnd).toBeGreaterThan(500)
    expect(trial.drain.complete).toBe(true)
    expect(trial.drain.durationMs).toBeGreaterThan(1500)
    expect(trial.phases.measure.latencies.endToEnd.summary.p95.us).toBeGreaterThan(1e6)
    expect(trial.audits[0]).toMatchObject({ sent: 3000, distinct: 3000, lost: 0 })
  },
  LIMIT_MS,
)
