// Goal: brokers that run on this machine beside the one under test are found, and what they use is counted, no matter
// when they came; what is under test is not counted. Method: real processes, busy and idle, in states of a home of ours.
import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../src/brokers/broker.ts'
import { processUsage } from '../../src/brokers/process/index.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { THRESHOLDS } from '../../src/result/thresholds.ts'
import { newOtherBrokers } from '../../src/run/other-brokers.ts'
import { type LeftRunning, leaveRunning } from '../support/left-running.ts'
import { pollUntil } from '../support/poll.ts'

const LIMIT_MS = 60_000
const clock = new SystemClock()
const before = process.env.BENCH_HOME
let home: string
const running: LeftRunning[] = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bench-others-'))
  process.env.BENCH_HOME = home
})
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
  rmSync(home, { recursive: true })
})
afterAll(() => {
  if (before === undefined) delete process.env.BENCH_HOME
  else process.env.BENCH_HOME = before
})

function leave(name: string, work: 'busy' | 'idle', bound?: string): LeftRunning {
  const left = leaveRunning(home, name, work, bound)
  running.push(left)
  return left
}

const worked = ({ pid }: LeftRunning) =>
  pollUntil('0.2 s of CPU', LIMIT_MS, () => (processUsage(pid)?.cpuS ?? 0) > 0.2)

test(
  'a busy one counts, an idle one is only named; each is told once',
  async () => {
    const busy = leave('kafka', 'busy')
    leave('rabbitmq', 'idle')
    const said: string[] = []
    const others = newOtherBrokers((line) => said.push(line))
    const watch = others.watch(['127.0.0.1:2'], clock)
    watch.sample()
    expect(watch.result()).toEqual([])
    await worked(busy)
    watch.sample()
    const [kafka, rabbitmq] = watch.result()
    expect(kafka!.name).toBe('kafka')
    expect(kafka!.coreShare).toBeGreaterThan(THRESHOLDS.otherBrokersCoreShare)
    expect(rabbitmq!.name).toBe('rabbitmq')
    // Its start may have taken a moment.
    expect(rabbitmq!.coreShare).toBeLessThan(kafka!.coreShare)
    others.watch(['127.0.0.1:2'], clock)
    expect(said).toEqual([
      'kafka is up beside the broker under test',
      'rabbitmq is up beside the broker under test',
    ])
  },
  LIMIT_MS,
)

test(
  'one that came in the middle has used all of its CPU since then',
  async () => {
    const watch = newOtherBrokers(() => {}).watch([], clock)
    watch.sample()
    const late = leave('pulsar', 'busy')
    await worked(late)
    watch.sample()
    expect(watch.result()[0]!.coreShare).toBeGreaterThan(THRESHOLDS.otherBrokersCoreShare)
  },
  LIMIT_MS,
)

test(
  'one that would not end after its trial is watched from then on',
  async () => {
    const left = leaveRunning(join(home, 'elsewhere'), 'fake', 'busy')
    running.push(left)
    const others = newOtherBrokers(() => {})
    others.leftBehind({ name: 'fake', nodes: [{ pid: left.pid }] } as unknown as LocalBroker)
    const watch = others.watch([], clock)
    watch.sample()
    await worked(left)
    watch.sample()
    expect(watch.result()[0]).toMatchObject({ name: 'fake of an earlier trial' })
    expect(watch.result()[0]!.coreShare).toBeGreaterThan(0)
  },
  LIMIT_MS,
)

test.each([
  ['127.0.0.1:9092', false],
  ['localhost:9092', false],
  [`${hostname()}:9092`, false],
  ['[::1]:9092', false],
  ['pulsar://far:1,localhost:9092/', false],
  ['http://user:word@127.0.0.1:9092/v1?x', false],
  ['localhost', false],
  ['127.0.0.1:9093', true],
  ['far.example:9092', true],
  ['far.example', true],
  ['pulsar://127.0.0.1:90921', true],
])('a trial against %s meets it as another broker: %p', (server, isOther) => {
  leave('kafka', 'idle', '127.0.0.1:9092')
  const watch = newOtherBrokers(() => {}).watch([server], clock)
  watch.sample()
  watch.sample()
  expect(watch.result().map(({ name }) => name)).toEqual(isOther ? ['kafka'] : [])
})

test('one that ended is none; a state that cannot be read is told once', async () => {
  await leave('kafka', 'idle').stop()
  leave('pulsar', 'idle')
  writeFileSync(join(home, 'brokers', 'pulsar', 'state.json'), '{ half')
  const said: string[] = []
  const watch = newOtherBrokers((line) => said.push(line)).watch([], clock)
  watch.sample()
  watch.sample()
  expect(watch.result()).toEqual([])
  expect(said).toHaveLength(1)
  expect(said[0]).toStartWith('whether pulsar is up is not known: ')
})
