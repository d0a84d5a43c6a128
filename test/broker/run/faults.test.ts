// Goal: faults reach a real broker, through the proxy that it advertises, and what came of it is told. Method: one run on
// one node that is halted, then reached late, then killed; the audit must find every acknowledged message.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult, IntervalResult } from '../../../src/result/result.ts'
import { benchHome } from '../../support/bench.ts'

const LIMIT_MS = 400_000
const DELAY_US = 60_000
const home = benchHome()
afterAll(() => home.remove())

const WORKLOAD = `partitionsPerTopic: 2
messageSize: 200
producerRate: 200
warmupDurationSeconds: 3
testDurationSeconds: 22
faults:
  - { fault: stop, node: leader, atSeconds: 2, forSeconds: 2 }
  - { fault: network, atSeconds: 7, forSeconds: 3, delayMs: ${DELAY_US / 1000}, direction: to-broker }
  - { fault: kill, node: 1, atSeconds: 12, forSeconds: 1 }
`

test(
  'a halt, a long way, and a kill of a single node',
  async () => {
    const file = join(home.path, 'faults.yaml')
    writeFileSync(file, WORKLOAD)
    const finished = await home.run(['run', file, '--drivers', 'kafka'])
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()
    expect(result.sides[0]!.error).toBeNull()
    const trial = result.sides[0]!.trials[0]!
    const [stop, delay, kill] = trial.faults!
    expect(trial.faults!.map(({ text, error }) => [text, error])).toEqual([
      ['stop of kafka-1, the leader', null],
      ['network: 60 ms later, client to broker', null],
      ['kill of kafka-1', null],
    ])
    for (const [fault, leastS] of [
      [stop!, 1.5],
      [kill!, 0.5],
    ] as const) {
      const { fromS, toS } = fault.longestGap!
      expect(toS - fromS).toBeGreaterThan(leastS)
    }
    const within = ({ startS, endS }: IntervalResult) =>
      startS >= delay!.startS! + 0.2 && endS <= delay!.endS! + 0.2
    const delayed = trial.intervals.filter(within)
    expect(delayed.length).toBeGreaterThan(0)
    for (const { latencies } of delayed) expect(latencies.publish!.p50Us).toBeGreaterThanOrEqual(DELAY_US)
    // It was healthy again, and what it had acknowledged was still there.
    expect(kill!.endS!).toBeGreaterThan(kill!.startS! + 1)
    expect(trial.phases.measure.counts.acknowledged).toBeGreaterThan(0)
    expect(trial.audits[0]).toMatchObject({ acknowledgedLost: 0, corrupted: 0, wrongPartition: 0 })
    expect(finished.stdout).toMatch(/kill of kafka-1, from 1\d\.\d s/)
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)
