// Goal: a broker that `bench brokers up` left running is in the result of every trial, and a busy one makes it invalid.
// Method: runs over the fake system through the command line, beside a process that stands for the broker's server.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../../src/errors/exit-codes.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { benchHome, ROOT } from '../support/bench.ts'
import { leaveRunning } from '../support/left-running.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
const SHORT = join(home.path, 'short.yaml')
writeFileSync(
  SHORT,
  'name: short\ntopics: 1\nmessageSize: 200\nproducerRate: 200\ntestDurationSeconds: 1\nwarmupDurationSeconds: 1\n',
)
afterAll(() => home.remove())

test.each(['busy', 'idle'] as const)(
  'beside a broker that is %s',
  async (work) => {
    const left = leaveRunning(home.path, 'kafka', work)
    try {
      const { exitCode, stdout, stderr } = await home.run(['run', SHORT, '--drivers', FAKE])
      const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
      const { verdict, otherBrokers } = result.sides[0]!.trials[0]!
      const reason = verdict.measurementReasons.find((each) => each.startsWith('kafka, up beside'))
      expect(stderr).toContain('kafka is up beside the broker under test')
      expect(otherBrokers!.map(({ name }) => name)).toEqual(['kafka'])
      if (work === 'idle') {
        expect(reason).toBeUndefined()
        return
      }
      expect(exitCode).toBe(EXIT.invalid)
      expect(verdict.measurement).toBe('invalid')
      expect(reason).toMatch(/used [\d.]+ % of a core, at most 3.0 % is allowed$/)
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(reason!)
    } finally {
      await left.stop()
    }
  },
  LIMIT_MS,
)
