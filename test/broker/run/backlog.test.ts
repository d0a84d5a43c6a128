// Goal: brokers keep a backlog while consumers are paused, and hand over all of it when they go on. Method: `bench run` as a
// person would, shorter; the audit must have found every message. That Pulsar's consumers pause is in its conformance.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../../src/result/result.ts'
import { benchHome } from '../../support/bench.ts'

const LIMIT_MS = 400_000
const RATE_HZ = 1000
const BACKLOG = 4000
const home = benchHome()
afterAll(() => home.remove())

test(
  'a backlog of each broker is built and drained while producing, and nothing of it is lost',
  async () => {
    const workload = join(home.path, 'backlog.yaml')
    writeFileSync(
      workload,
      `name: backlog
partitionsPerTopic: 4
messageSize: 500
producerRate: ${RATE_HZ}
warmupDurationSeconds: 1
testDurationSeconds: 2
backlog: { messages: ${BACKLOG} }
`,
    )
    const finished = await home.run(['run', workload, '--drivers', 'kafka,rabbitmq'])
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    expect(result.sides.map(({ label, error }) => [label, error])).toEqual([
      ['kafka', null],
      ['rabbitmq', null],
    ])
    for (const { label, trials } of result.sides) {
      const { backlog, phases, audits, verdict, intervals } = trials[0]!
      expect([label, verdict.integrity]).toEqual([label, 'intact'])
      expect(backlog).toMatchObject({ build: { reached: true }, drain: { drained: true } })
      expect(backlog!.build.messages).toBeGreaterThanOrEqual(BACKLOG)
      const { warmup, measure } = phases
      expect(measure.counts.scheduled).toBe(RATE_HZ * measure.durationS)
      const { acknowledged } = measure.counts
      expect(audits[0]).toMatchObject({ lost: 0, duplicated: 0, corrupted: 0 })
      expect(audits[0]!.distinct).toBe(warmup.counts.acknowledged + acknowledged)
      // At most what was under way when consumers paused still came: the broker holds the rest.
      const came = intervals
        .filter(({ startS, endS }) => startS >= backlog!.build.startS + 1 && endS <= backlog!.build.endS)
        .reduce((sum, { received }) => sum + received, 0)
      expect(came).toBe(0)
    }
    expect([0, 6]).toContain(finished.exitCode)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
