// Goal: a backlog is as large as was asked, bounded in time, and refused where it cannot be. Method: workloads written to a
// folder, planned without a broker.
import { afterAll, describe, expect, test } from 'bun:test'
import { checkCapabilities } from '../../src/workload/capability-check.ts'
import { makePlan } from '../../src/workload/plan.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { failureOf, testFolder } from './files.ts'

const folder = testFolder()
afterAll(folder.remove)

const BASE = 'messageSize: 1024\nproducerRate: 1000\ntestDurationSeconds: 10\n'
const write = (text: string) => folder.write('w.yaml', BASE + text)
const plan = (text: string, flags: Record<string, unknown> = {}) =>
  makePlan({ workloadFile: write(text), drivers: 'kafka', cores: 2, ...flags })

describe('the size', () => {
  test.each([
    ['backlog: {messages: 5000}', 5000],
    ['backlog: {bytes: 10240000}', 10_000],
    ['consumerBacklogSizeGB: 1', 2 ** 20],
    // OMB's size is what all subscriptions have to read.
    ['consumerBacklogSizeGB: 1\nsubscriptionsPerTopic: 4', 2 ** 18],
    ['consumerBacklogSizeGB: 0.5', 2 ** 19],
  ])('of %j is %p messages', async (text, messages) => {
    const { workload, refusals } = await readWorkload(write(`${text}\n`))
    expect(refusals).toEqual([])
    expect(workload.backlog!.messages).toBe(messages)
  })

  test('0 GB is none', async () => {
    expect((await readWorkload(write('consumerBacklogSizeGB: 0\n'))).workload.backlog).toBeUndefined()
  })
})

test('build and drain are bounded by the lowest rate', async () => {
  const { workload } = await plan('backlog: {messages: 50000}\nbacklogDrainRatio: 0.9\n')
  expect(workload.backlog).toEqual({ messages: 50_000, drainRatio: 0.9, maxBuildS: 110, maxDrainS: 560 })
  const faster = await plan('backlog: {messages: 50000, maxDrainSeconds: 30}\n', { rates: '500,5000' })
  expect(faster.workload.backlog).toMatchObject({ maxBuildS: 210, maxDrainS: 30 })
})

test.each([
  [
    'backlog: {messages: 5000}\nconsumerBacklogSizeGB: 1\n',
    'w.yaml:5:24: expected backlog or consumerBacklogSizeGB, got both',
  ],
  ['backlog: {}\n', 'w.yaml:4:10: expected messages or bytes of the backlog, got neither'],
  ['backlog: {messages: 5000, bytes: 5000}\n', 'expected messages or bytes of the backlog, got both'],
  ['backlog: {messages: 999}\n', 'backlog: expected at least 1 s of the rate (1000 messages), got 999'],
  [
    'backlog: {messages: 5000}\nfaults: [{fault: pause-consumers, atSeconds: 1, forSeconds: 1}]\n',
    'expected no faults beside a backlog',
  ],
  ['backlog: {messages: 1000000000000}\n', 'expected it to be built and drained within'],
])('%j is refused', async (text, message) => {
  expect((await failureOf(plan(text))).message).toContain(message)
})

test('a schedule with rates of its own is refused', async () => {
  const text = 'messageSize: 100\nbacklog: {messages: 5000}\nschedule: {stages: [{rate: 5, seconds: 5}]}\n'
  const failure = await failureOf(
    makePlan({ workloadFile: folder.write('s.yaml', text), drivers: 'kafka', cores: 2 }),
  )
  expect(failure.message).toContain('expected one rate all along, got a schedule')
})

test('a side whose consumer is a server is refused, by its capability', async () => {
  const made = await plan('backlog: {messages: 5000}\n', { drivers: 'kafka,otlp' })
  const { message } = await failureOf(checkCapabilities(made))
  expect(message).toContain('otlp: expected a system that keeps messages for consumers that are paused')
  expect(message).not.toContain('kafka:')
})
