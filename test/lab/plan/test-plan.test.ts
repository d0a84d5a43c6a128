// Goal: a test plan means what it says: the fields of older plans map to the workload's, layers go over each other, every
// fault is refused at its place, and nothing is ignored. Method: small plans written on the spot, and the shipped ones.
import { afterAll, describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { readTestPlan } from '../../../src/lab/plan/test-plan.ts'
import { PRODUCT_FOLDER } from '../../../src/workload/product-folder.ts'
import { failureOf, testFolder } from '../../workload/files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const planOf = async (text: string) => await readTestPlan(folder.write('plan.yaml', text))
const linesOf = async (text: string) => {
  const error = await failureOf(planOf(text))
  expect(error.code).toBe('CONFIG')
  return error.message.replaceAll(/\S*plan\.yaml/g, 'plan.yaml').split('\n')
}

/** A whole plan with this run. */
const withRun = (run: string, base = 'message_size: 100, test_duration_seconds: 5') =>
  `base_workload: {${base}}\ntest_runs:\n  - {name: a, type: fixed_rate, ${run}}\n`

describe('the plan of the seed', () => {
  const SEED = `name: "my-test-plan"
description: "Custom test scenarios"

base_workload:
  topics: 1
  partitions_per_topic: 16
  message_size: 1024
  producers_per_topic: 1
  consumers_per_topic: 1
  test_duration_minutes: 5

test_runs:
  - name: "baseline"
    type: "fixed_rate"
    producer_rate: 10000

  - name: "high-load"
    type: "fixed_rate"
    producer_rate: 50000
    workload_overrides:
      producers_per_topic: 4
      consumers_per_topic: 4
`
  test('is read as it stands, its fields mapped to those of workloads', async () => {
    const plan = await planOf(SEED)
    expect(plan).toMatchObject({ name: 'my-test-plan', description: 'Custom test scenarios' })
    const common = {
      topics: 1,
      partitionsPerTopic: 16,
      messageBytes: 1024,
      keyDistributor: 'NO_KEY' as const,
      payload: { kind: 'fixed' as const },
      subscriptionsPerTopic: 1,
      consumerRateHz: null,
      warmupS: 30,
      durationS: 300,
      drivers: null,
    }
    expect(plan.runs.map(({ workload }) => workload.workload)).toEqual([
      {
        ...common,
        name: 'baseline',
        producersPerTopic: 1,
        consumersPerSubscription: 1,
        producerRateHz: 10_000,
      },
      {
        ...common,
        name: 'high-load',
        producersPerTopic: 4,
        consumersPerSubscription: 4,
        producerRateHz: 50_000,
      },
    ])
    expect(plan.runs.map(({ id, type }) => `${id} ${type}`)).toEqual([
      'baseline fixed_rate',
      'high-load fixed_rate',
    ])
  })

  test('each run has a workload file of its own, which reads back the same', async () => {
    const { runs } = await planOf(SEED)
    for (const { workload } of runs) {
      const again = await readTestPlan(folder.write('again.yaml', workload.source))
      expect(again.runs[0]!.workload.workload).toEqual(workload.workload)
    }
  })
})

describe('the shipped plans', () => {
  const shipped = async (name: string) =>
    await readTestPlan(resolve(PRODUCT_FOLDER, `workloads/plans/${name}.yaml`))

  test('poc: the shipped workload poc, under the same name', async () => {
    const { runs } = await shipped('poc')
    const file = await readTestPlan(resolve(PRODUCT_FOLDER, 'workloads/poc.yaml'))
    expect(runs.map(({ workload }) => workload.workload)).toEqual([file.runs[0]!.workload.workload])
  })

  test('baseline: six runs, with ids that stay', async () => {
    const { runs } = await shipped('baseline')
    expect(runs.map(({ id }) => id)).toEqual([
      'easy',
      'high-load',
      'sizes-message_size-100-producer_rate-1000-bd95cd9b',
      'sizes-message_size-100-producer_rate-10000-0731f08b',
      'sizes-message_size-1024-producer_rate-1000-201658ff',
      'sizes-message_size-10240-producer_rate-1000-932c2888',
    ])
  })
})

describe('layers', () => {
  test('the file name, the workload’s own defaults, and the words of OMB', async () => {
    const { name, description, runs } = await planOf(
      withRun('producerRate: 5', 'messageSize: 100, testDurationMinutes: 1'),
    )
    expect([name, description]).toEqual(['plan', null])
    expect(runs[0]!.workload).toMatchObject({
      repeat: 1,
      workload: { topics: 1, partitionsPerTopic: 1, warmupS: 30, durationS: 60, drivers: null },
    })
  })

  test('the plan’s drivers and repeat are those of every run', async () => {
    const { runs } = await planOf(`drivers: [fake, "x=fake"]\nrepeat: auto\n${withRun('producer_rate: 5')}`)
    expect(runs[0]!.workload).toMatchObject({ repeat: 'auto', workload: { drivers: ['fake', 'x=fake'] } })
  })

  test('the later of two fields that stand for the same drives out the other', async () => {
    const base = 'message_size: 100, test_duration_minutes: 5, warmup_duration_minutes: 1, rates: [1, 2]'
    const { runs } = await planOf(
      withRun(
        'producer_rate: 9, workload_overrides: {test_duration_seconds: 7, warmupDurationSeconds: 3}',
        base,
      ),
    )
    expect(runs[0]!.workload.workload).toMatchObject({ producerRateHz: 9, durationS: 7, warmupS: 3 })
    expect(runs[0]!.workload.workload.ratesHz).toBeUndefined()
    const other = await planOf(
      withRun(
        'workload_overrides: {rates: [3, 4]}',
        'message_size: 100, test_duration_seconds: 5, producer_rate: 1',
      ),
    )
    expect(other.runs[0]!.workload.workload.ratesHz).toEqual([3, 4])
  })

  test('a workload is a plan of one run', async () => {
    const file = folder.write('one load.yaml', 'messageSize: 100\nproducerRate: 5\ntestDurationSeconds: 1\n')
    const { runs } = await readTestPlan(file)
    expect(runs).toMatchObject([{ name: 'one load', id: expect.stringMatching(/^one-load-[0-9a-f]{8}$/) }])
  })
})

describe('matrices', () => {
  test('a run for every combination but those excluded, named by their values', async () => {
    const { runs } = await planOf(
      withRun(
        'producer_rate: 5, matrix: {topics: [1, 2], keyDistributor: [NO_KEY, KEY_ROUND_ROBIN]}, exclude: [{topics: 2, key_distributor: NO_KEY}]',
      ),
    )
    expect(runs.map(({ name }) => name)).toEqual([
      'a [keyDistributor=NO_KEY, topics=1]',
      'a [keyDistributor=KEY_ROUND_ROBIN, topics=1]',
      'a [keyDistributor=KEY_ROUND_ROBIN, topics=2]',
    ])
    expect(runs.map(({ workload: { workload } }) => [workload.keyDistributor, workload.topics])).toEqual([
      ['NO_KEY', 1],
      ['KEY_ROUND_ROBIN', 1],
      ['KEY_ROUND_ROBIN', 2],
    ])
  })

  test('a value of the matrix goes over the base, and a rate over rates', async () => {
    const { runs } = await planOf(
      withRun(
        'matrix: {producer_rate: [5, 6]}',
        'message_size: 100, test_duration_seconds: 5, rates: [1, 2]',
      ),
    )
    expect(runs.map(({ workload }) => workload.workload.producerRateHz)).toEqual([5, 6])
  })
})

describe('a ramp', () => {
  const base = 'base_workload: {message_size: 100, test_duration_seconds: 5, producer_rate: 9}\ntest_runs:\n'

  test('has a schedule in the place of rate and length of the base', async () => {
    const { runs } = await planOf(
      `${base}  - {name: a, type: ramp, workload_overrides: {schedule: {stages: [{rate: 0, rampTo: 10, seconds: 4}]}}}
  - {name: b, type: fixed_rate, workload_overrides: {schedule: poisson}}\n`,
    )
    expect(runs.map(({ type }) => type)).toEqual(['ramp', 'fixed_rate'])
    expect(runs[0]!.workload.workload).toMatchObject({ producerRateHz: 5, durationS: 4 })
    expect(runs[1]!.workload.workload).toMatchObject({ producerRateHz: 9, durationS: 5 })
  })

  test('gives way to a rate that is set later', async () => {
    const { runs } = await planOf(
      `base_workload: {message_size: 100, schedule: {stages: [{rate: 3, seconds: 4}]}}
test_runs:\n  - {name: a, type: fixed_rate, producer_rate: 7, workload_overrides: {test_duration_seconds: 2}}\n`,
    )
    expect(runs[0]!.workload.workload).toMatchObject({ producerRateHz: 7, durationS: 2 })
    expect(runs[0]!.workload.workload.schedule).toBeUndefined()
  })

  test('without one is refused', async () => {
    expect(await linesOf(`${base}  - {name: a, type: ramp}\n`)).toEqual([
      expect.stringMatching(
        /^plan\.yaml:3:21: expected a schedule with stages or a trace in a run of type ramp/,
      ),
    ])
  })
})

describe('a run of type backlog', () => {
  const base = 'base_workload: {message_size: 100, test_duration_seconds: 5, producer_rate: 9}\ntest_runs:\n'

  test('has one, in our words or OMB’s', async () => {
    const { runs } = await planOf(
      `${base}  - {name: a, type: backlog, workload_overrides: {backlog: {messages: 70}}}
  - {name: b, type: backlog, workload_overrides: {consumer_backlog_size_gb: 1}}\n`,
    )
    expect(runs.map(({ workload }) => workload.workload.backlog!.messages)).toEqual([
      70,
      Math.round(2 ** 30 / 100),
    ])
  })

  test('is refused without one', async () => {
    expect(await linesOf(`${base}  - {name: a, type: backlog}\n`)).toEqual([
      expect.stringMatching(/^plan\.yaml:3:21: expected a backlog in a run of type backlog, got none/),
    ])
  })
})

describe('types that are not yet there', () => {
  test.each(['max_rate'])('%s is refused with a sentence', async (type) => {
    const text = `base_workload: {message_size: 100, test_duration_seconds: 5}\ntest_runs:\n  - {name: a, type: ${type}}\n`
    const [line, ...more] = await linesOf(text)
    expect(more).toEqual([])
    expect(line).toMatch(
      new RegExp(`^plan\\.yaml:3:21: expected a type of run that exists, got ${type}: .* not yet there \\(`),
    )
  })
})

describe('places of errors', () => {
  test('every problem of the plan, at its line and column', async () => {
    const text = `nam: x
base_workload:
  mesage_size: 100
  topics: many
test_runs:
  - name: a
    type: fixd_rate
    producer_rate: -1
    workload_overrides: 7
    matrix: {topics: [], partitions_per_topic: 3}
`
    expect(await linesOf(text)).toEqual([
      expect.stringMatching(/^plan\.yaml:1:1: expected a known key, got "nam" \(did you mean name\?\)/),
      expect.stringMatching(
        /^plan\.yaml:3:3: expected a known key, got "mesage_size" \(did you mean message_?[sS]ize\?\)/,
      ),
      expect.stringMatching(/^plan\.yaml:4:11: expected base_workload\.topics to be a whole number from 1/),
      expect.stringMatching(
        /^plan\.yaml:7:11: expected test_runs\[0\]\.type to be one of fixed_rate, .*, got "fixd_rate"/,
      ),
      expect.stringMatching(
        /^plan\.yaml:8:20: expected test_runs\[0\]\.producer_rate to be a whole number from 0/,
      ),
      expect.stringMatching(
        /^plan\.yaml:9:25: expected test_runs\[0\]\.workload_overrides to be a map of settings, got 7/,
      ),
      expect.stringMatching(
        /^plan\.yaml:10:22: expected test_runs\[0\]\.matrix\.topics to be a list of 1 to 50/,
      ),
      expect.stringMatching(
        /^plan\.yaml:10:48: expected test_runs\[0\]\.matrix\.partitions_per_topic to be a list of 1 to 50/,
      ),
    ])
  })

  test('what only the whole workload shows is told where the plan says it, once', async () => {
    const text = `base_workload:
  message_size: 100
  test_duration_seconds: 5
  use_randomized_payloads: true
test_runs:
  - {name: a, type: fixed_rate, producer_rate: 1}
  - {name: b, type: fixed_rate, producer_rate: 2}
  - {name: c, type: fixed_rate}
`
    expect(await linesOf(text)).toEqual([
      expect.stringMatching(/^plan\.yaml:4:28: expected randomBytesRatio beside useRandomizedPayloads/),
      expect.stringMatching(/^plan\.yaml:4:28: expected randomizedPayloadPoolSize beside/),
      expect.stringMatching(/^plan\.yaml:8:5: expected producerRate or rates, got neither/),
    ])
  })

  test.each([
    [
      'producer_rate: 1, producerRate: 2',
      /3:\d+: expected producerRate once, got producerRate and producer_rate/,
    ],
    [
      'producer_rate: 1, workload_overrides: {rates: [1, 2]}',
      /expected producer_rate of the run or rates of workload_overrides/,
    ],
    [
      'producer_rate: 1, matrix: {producer_rate: [1, 2]}',
      /expected producer_rate in the matrix or beside it, got both/,
    ],
    [
      'matrix: {test_duration_seconds: [1], test_duration_minutes: [1], producer_rate: [1]}',
      /in the matrix or beside it/,
    ],
    ['producer_rate: 1, matrix: {topics: [1, 2, 1]}', /expected each value of topics once, got 1 again/],
    [
      'producer_rate: 1, matrix: {topics: [1]}, exclude: [{topics: 1}]',
      /expected exclusions that leave a combination/,
    ],
    [
      'producer_rate: 1, matrix: {topics: [1]}, exclude: [{topics: 2}]',
      /expected a value that the matrix has for topics, got 2 \(its values: 1\)/,
    ],
    [
      'producer_rate: 1, matrix: {topics: [1]}, exclude: [{}]',
      /expected values of the matrix to exclude, got none/,
    ],
    [
      'producer_rate: 1, matrix: {topics: [1]}, exclude: [{message_size: 100}]',
      /expected a field of the matrix, got message_size/,
    ],
    ['producer_rate: 1, exclude: [{topics: 1}]', /expected a field of the matrix, got topics/],
    [
      'producer_rate: 1, workload_overrides: {consumers_per_topic: 2, subscriptions_per_topic: 2}',
      /expected consumers_per_topic with one subscription/,
    ],
    ['producer_rate: 1, workload_overrides: {name: x}', /expected a known key, got "name"/],
  ])('%s is refused', async (run, expected) => {
    const lines = await linesOf(withRun(run))
    expect(lines.join('\n')).toMatch(expected)
    for (const line of lines) expect(line).toMatch(/^plan\.yaml:\d+:\d+: /)
  })

  test('two runs of one name', async () => {
    const text = `${withRun('producer_rate: 1')}  - {name: a, type: fixed_rate, producer_rate: 2}\n`
    expect(await linesOf(text)).toEqual(['plan.yaml:4:12: expected names of runs that differ, got a twice'])
  })
})
