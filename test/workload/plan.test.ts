// Goal: a plan is what the run will do: options applied, sides labelled, impossible things refused, no secret in it.
// Method: plans over files of a test driver; the shipped workloads against the manual's figures.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { runPlan } from '../../src/cli/plan.ts'
import { checkCapabilities } from '../../src/workload/capability-check.ts'
import { describePlan } from '../../src/workload/describe-plan.ts'
import { makePlan } from '../../src/workload/plan.ts'
import type { PlanFlags } from '../../src/workload/plan-options.ts'
import { SHIPPED_WORKLOADS } from '../../src/workload/product-folder.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { failureOf, testFolder } from './files.ts'
import { testRegistry } from './test-entry.ts'

const folder = testFolder()
beforeAll(() => {
  folder.write('drivers/demo.yaml', 'driver: demo\n')
  folder.write('drivers/slow.yaml', 'driver: demo\nlingerMs: 500\nservers: [h:1]\n')
  folder.write('drivers/remote.yaml', 'driver: remote\nservers: [h:1]\n')
  folder.write('drivers/nowhere.yaml', 'driver: remote\n')
})
afterAll(() => folder.remove())

const BASE = `topics: 2
partitionsPerTopic: 4
producersPerTopic: 3
messageSize: 100
producerRate: 1000
warmupDurationSeconds: 30
testDurationMinutes: 2
`
const plan = (flags: PlanFlags = {}, text = BASE) =>
  makePlan({ workloadFile: folder.write('w.yaml', text), registry: testRegistry, cores: 8, ...flags })
const problem = async (flags: PlanFlags, text?: string) =>
  (await failureOf(plan(flags, text))).message.replaceAll(`${folder.path}/`, '')

describe('options', () => {
  test('none: the file, local brokers, half of the cores', async () => {
    const made = await plan()
    expect(made).toMatchObject({ workers: 4, topology: 'single', workload: { warmupS: 30, durationS: 120 } })
    expect(made.sides.map(({ label, servers }) => [label, servers])).toEqual([['demo', null]])
    expect(made.workloadSource).toBe(BASE)
  })

  test('--duration, with warm-up at most half of it', async () => {
    const { workload, notes } = await plan({ duration: '10s' })
    expect([workload.durationS, workload.warmupS]).toEqual([10, 5])
    expect(notes.join()).toContain('warm-up shortened to 5 s')
    expect((await plan({ duration: '5m' })).workload.warmupS).toBe(30)
    expect((await plan({ duration: '10s', warmup: '20s' })).workload.warmupS).toBe(20)
    expect((await plan({ warmup: 0 })).workload.warmupS).toBe(0)
  })

  test('--workers: never more than producers or consumers, never more than asked', async () => {
    expect((await plan({ workers: 3 })).workers).toBe(3)
    const { workers, notes } = await plan({ workers: 20 })
    expect(workers).toBe(6)
    expect(notes.join()).toContain('--workers 20: 6 is enough')
    const consumers = BASE.replace('producersPerTopic: 3', 'producersPerTopic: 1\nconsumerPerSubscription: 4')
    expect((await plan({ workers: 20 }, consumers)).workers).toBe(8)
    const cores = async (cores: number) =>
      (
        await makePlan({
          workloadFile: folder.write('w.yaml', BASE.replace('topics: 2', 'topics: 9')),
          registry: testRegistry,
          cores,
        })
      ).workers
    expect([await cores(1), await cores(2), await cores(7), await cores(64)]).toEqual([1, 1, 3, 8])
  })

  test('--rate stands in the place of a rate that does not exist yet, and of a search', async () => {
    const fastest = BASE.replace('producerRate: 1000', 'producerRate: 10000000')
    expect(await problem({}, fastest)).toMatch(/^w\.yaml:5:15: .*not yet/)
    expect((await plan({ rate: 50 }, fastest)).workload.producerRateHz).toBe(50)
    const { workload } = await plan({ rate: 50 }, BASE.replace('producerRate: 1000', 'producerRate: 0'))
    expect([workload.producerRateHz, workload.search]).toEqual([50, undefined])
  })

  test('--rates and --rate stand in the place of either field', async () => {
    const rates = BASE.replace('producerRate: 1000', 'rates: [100, 200]')
    expect((await plan({}, rates)).workload).toMatchObject({ producerRateHz: 200, ratesHz: [100, 200] })
    const several = await plan({ rates: '400,300' })
    expect(several.workload).toMatchObject({ producerRateHz: 400, ratesHz: [300, 400] })
    expect(several.notes.join()).toContain('--rates: 1,000 messages/s in the file')
    expect(several.order).toEqual([
      { side: 0, rateHz: 300 },
      { side: 0, rateHz: 400 },
    ])
    const one = await plan({ rate: 50 }, rates)
    expect(one.workload.producerRateHz).toBe(50)
    expect(one.workload).not.toHaveProperty('ratesHz')
    expect(one.notes.join()).toContain('--rate: 100 and 200 messages/s in the file')
    const search = BASE.replace('producerRate: 1000', 'producerRate: 0')
    expect((await plan({ rates: '5,6' }, search)).workload.ratesHz).toEqual([5, 6])
    expect(await problem({ duration: '500ms' }, BASE.replace('producerRate: 1000', 'rates: [1, 9]'))).toMatch(
      /^w\.yaml:5:8: expected at least one message, got 1 a second for 0.5 s/,
    )
  })

  test('--repeat auto takes as many trials as a verdict needs', async () => {
    const auto = { drivers: 'demo,slow', repeat: 'auto' }
    expect((await plan(auto)).repeat).toBe(6)
    const many = { ...auto, rates: '1,2,3,4,5,6,7,8,9,10,11,12' }
    expect(await plan(many)).toMatchObject({ repeat: 7, order: { length: 7 * 2 * 12 } })
    expect((await plan({ drivers: 'demo,slow' }, `${BASE}repeat: auto\n`)).repeat).toBe(6)
  })

  test('--topology', async () => {
    expect((await plan({ topology: 'cluster' })).topology).toBe('cluster')
  })

  test.each<[PlanFlags, RegExp]>([
    [{ duration: 10 }, /^--duration: expected a duration such as 10s.*got 10$/],
    [{ duration: '0s' }, /^--duration/],
    [{ duration: '9999h' }, /^--duration/],
    [{ duration: ['1s', '2s'] }, /got it more than once$/],
    [{ warmup: 'x' }, /^--warmup/],
    [{ rate: 0 }, /^--rate: expected a whole number of messages a second from 1 to 9999999, got 0$/],
    [{ rate: 1.5 }, /^--rate/],
    [{ rate: '1e3' }, /^--rate/],
    [{ rate: true }, /^--rate/],
    [{ rates: '' }, /^--rates: expected 1 to 16 different whole numbers .* separated by commas, got ""$/],
    [{ rates: '5,0' }, /^--rates/],
    [{ rates: '5,-1' }, /^--rates/],
    [{ rates: '5,1.5' }, /^--rates/],
    [{ rates: '5,x' }, /^--rates/],
    [{ rates: '5,' }, /^--rates/],
    [{ rates: '5,5' }, /^--rates/],
    [{ rates: '5,10000000' }, /^--rates/],
    [{ rates: Array.from({ length: 17 }, (_, i) => i + 1).join() }, /^--rates/],
    [{ rates: true }, /^--rates/],
    [{ rates: ['5', '6'] }, /^--rates: .*got it more than once$/],
    [{ rates: '5,6', rate: 7 }, /^expected --rate or --rates, got both$/],
    [{ repeat: 'many' }, /^--repeat: expected auto or a whole number of trials of each side from 1 to 100/],
    [{ repeat: 101 }, /^--repeat/],
    [{ workers: 65 }, /^--workers/],
    [{ workers: Number.NaN }, /^--workers/],
    [{ topology: 'ring' }, /^--topology: expected single or cluster, got "ring"$/],
    [{ drivers: '' }, /^--drivers/],
    [{ drivers: true }, /^--drivers/],
  ])('%p is a usage error', async (flags, pattern) => {
    const error = await failureOf(plan(flags))
    expect(error.code).toBe('USAGE')
    expect(error.message).toMatch(pattern)
  })
})

describe('sides', () => {
  test('labels are unique; a client makes a label of its own', async () => {
    const made = await plan({ drivers: 'demo,demo:other,demo+lingerMs=3,mine=demo,demo' })
    expect(made.sides.map(({ label }) => label)).toEqual(['demo', 'demo:other', 'demo#2', 'mine', 'demo#3'])
    expect(made.sides.map(({ config }) => (config as { lingerMs: number }).lingerMs)).toEqual([1, 1, 3, 1, 1])
    expect(await problem({ drivers: 'a=demo,a=slow' })).toMatch(
      /^--drivers a=slow: expected labels that differ/,
    )
    expect((await plan({ drivers: 'demo,demo=slow' })).sides.map(({ label }) => label)).toEqual([
      'demo#2',
      'demo',
    ])
  })

  test("by path, beside the workload; the label is the file's name", async () => {
    const made = await plan({ drivers: `drivers/slow.yaml,${folder.path}/drivers/demo.yaml` })
    expect(made.sides.map(({ label, servers }) => [label, servers])).toEqual([
      ['slow', ['h:1']],
      ['demo', null],
    ])
  })

  test('of the workload, unless the command line names others', async () => {
    const text = `${BASE}drivers: [slow, demo:other]\n`
    expect((await plan({}, text)).sides.map(({ label }) => label)).toEqual(['slow', 'demo:other'])
    expect((await plan({ drivers: 'demo' }, text)).sides.map(({ label }) => label)).toEqual(['demo'])
    expect(await problem({}, `${BASE}drivers: [demo, slo]\n`)).toMatch(
      /^w\.yaml:8:17 slo: expected a driver file, got no drivers\/slo\.yaml \(did you mean slow\?\)$/,
    )
  })

  test('problems of all sides at once', async () => {
    const lines = (await problem({ drivers: 'nope,demo+lingerMs=x,demo:third,nowhere' })).split('\n')
    expect(lines).toHaveLength(4)
    expect(lines[3]).toMatch(/expected servers, got none: remote has no local broker/)
  })
})

describe('what cannot be done', () => {
  test('not yet there, with its place, all at once', async () => {
    const lines = (await problem({}, BASE.replace('Rate: 1000', 'Rate: 10000000'))).split('\n')
    expect(lines).toEqual([expect.stringMatching(/^w\.yaml:5:15: .*not yet/)])
  })

  test('more than one machine carries', async () => {
    const lines = (await problem({}, BASE.replace('topics: 2', 'topics: 100000'))).split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^w\.yaml:1:1: expected at most 10,000 consumers on one machine, got 100,000/),
      expect.stringMatching(/^w\.yaml:2:21: expected at most 100,000 partitions on one machine, got 400,000/),
      expect.stringMatching(/^w\.yaml:3:20: expected at most 10,000 producers on one machine, got 300,000/),
    ])
  })

  test('no message at all', async () => {
    expect(await problem({ duration: '500ms', rate: 1 })).toMatch(/expected at least one message/)
  })

  test.each<[string, string, RegExp]>([
    ['demo+partitions=none', BASE, /demo: expected 1 partition, got 4/],
    ['demo+maxBytes=99', BASE, /demo: expected messages of at most 99 bytes, got 100/],
    ['demo+keyed=false', `${BASE}keyDistributor: RANDOM_NANO\n`, /demo: expected messages without keys/],
    ['demo+keyed=false', `${BASE}subscriptionsPerTopic: 2\n`, /demo: expected 1 subscription, got 2/],
  ])('by the capabilities of %s', async (drivers, text, pattern) => {
    const error = await failureOf(checkCapabilities(await plan({ drivers }, text), testRegistry))
    expect(error.code).toBe('CONFIG')
    expect(error.message).toMatch(pattern)
  })

  test('emulated partitions and weak promises are told', async () => {
    const notes = await checkCapabilities(
      await plan({ drivers: 'demo+partitions=emulated+keyed=false' }),
      testRegistry,
    )
    expect(notes.join('\n')).toMatch(/4 partitions are made as that many queues[\s\S]*at most once/)
  })

  test('a sink without partitions and promises runs, and it is told', async () => {
    const notes = await checkCapabilities(
      await plan({ drivers: 'demo+partitions=none+sink=true' }),
      testRegistry,
    )
    expect(notes.join('\n')).toMatch(/4 partitions are one[\s\S]*promises nothing/)
  })
})

describe('bench plan', () => {
  const run = async (options: PlanFlags & { json?: boolean }, text = BASE) => {
    let output = ''
    const out = {
      stdout: (line: string) => {
        output += `${line}\n`
      },
    }
    const code = await runPlan(
      folder.write('w.yaml', text),
      { registry: testRegistry, cores: 2, ...options },
      out,
    )
    return { code, output }
  }

  test('says what happens and how long it takes', async () => {
    const { code, output } = await run({ drivers: 'demo,slow' })
    expect(code).toBe(0)
    for (const part of [
      '1,000 messages/s of 100 bytes (0.1 MB/s)',
      '30 s of warm-up, then 2 min measured: 120,000 messages',
      '2 topics of 4 partitions, 6 producers',
      '1 producer process and 1 consumer process',
      'slow: demo at h:1',
      'of it 5 min of load',
    ]) {
      expect(output).toContain(part)
    }
    const description = describePlan(await plan({ drivers: 'demo,slow' }))
    expect(description).toMatchObject({
      loadSeconds: 300,
      totalSeconds: 340,
      maximumSeconds: 400,
      trials: 2,
      messages: 120_000,
    })
  })

  test('--repeat: every trial counts, the order is told, and what so many trials can show', async () => {
    const { output } = await run({ drivers: 'demo,slow', repeat: 3, seed: 4 })
    expect(output).toContain('3 trials of each side')
    expect(output).toMatch(/order \(seed 4\): ((demo, slow|slow, demo)(; |\n)){3}/)
    expect(output).toContain('3 trials cannot show a difference at 5 %')
    expect(output).toContain('of it 15 min of load')
    const fromFile = await plan({ drivers: 'demo' }, `${BASE}repeat: 2\n`)
    expect(fromFile).toMatchObject({ repeat: 2, order: [{ side: 0 }, { side: 0 }] })
    expect((await plan({ repeat: '5' }, `${BASE}repeat: 2\n`)).repeat).toBe(5)
  })

  test('--rates: every trial counts, each rate is told, and what a verdict takes', async () => {
    const { output } = await run({ drivers: 'demo,slow', rates: '500,2000', repeat: 'auto', seed: 4 })
    for (const part of [
      '500, 2,000 messages/s of 100 bytes (0.1, 0.2 MB/s)',
      '240,000 messages on each side at the highest rate',
      '6 trials of each side at each of 2 rates, 24 in all, each with fresh topics and the whole warm-up, local brokers just started',
      '6 trials of each side at each rate can show a difference at 5 % among the 4 tests of this report',
      'of it 1 h of load',
    ]) {
      expect(output).toContain(part)
    }
    expect(output).toMatch(/order \(seed 4\): (((demo|slow) (500|2,000)\/s(, )?){4}(; )?){6}\n/)
  })

  test('--json is data, without any secret of sides or workload', async () => {
    const secrets = `${BASE}drivers: [demo+sasl.username=u+sasl.password=geheim1, "demo+sasl={username: u, password: 'geheim2'}+pin=geheim3"]\n`
    const { output } = await run({ json: true }, secrets)
    const data = JSON.parse(output)
    expect(data).toMatchObject({
      workers: 1,
      loadSeconds: 300,
      sides: [{ label: 'demo' }, { label: 'demo#2' }],
    })
    expect(data.sides[0].settings).toMatchObject({ sasl: { username: 'u', password: '***' } })
    expect(output).not.toContain('geheim')
  })

  test('lists what --lenient ignored', async () => {
    const { output } = await run({ lenient: true }, `${BASE}topicNames: x\n`)
    expect(output).toMatch(/note: ignored: .*w\.yaml:8:1: unknown key topicNames/)
  })
})

describe('shipped workloads', () => {
  const figures: Record<string, [number, number, number, number]> = {
    poc: [20_000, 1024, 1, 120],
    'simple-test': [10_000, 1024, 1, 300],
    'multi-topic': [20_000, 1024, 10, 300],
    'high-throughput': [100_000, 1024, 1, 300],
    'large-messages': [500, 65_536, 1, 300],
    'latency-test': [1000, 1024, 1, 300],
  }
  test.each(Object.entries(figures))('%s', async (name, [rate, size, topics, durationS]) => {
    const { workload, refusals, notes } = await readWorkload(resolve(SHIPPED_WORKLOADS, `${name}.yaml`))
    expect(workload).toMatchObject({
      name,
      topics,
      durationS,
      messageBytes: size,
      producerRateHz: rate,
      partitionsPerTopic: 16,
      producersPerTopic: 1,
      subscriptionsPerTopic: 1,
      consumersPerSubscription: 1,
      warmupS: 30,
    })
    expect([refusals, notes]).toEqual([[], []])
  })

  const gatewayFigures: Record<string, [number, number, number, number]> = {
    'gateway-smoke': [1000, 1024, 2, 10],
    'gateway-masking': [10_000, 256, 30, 120],
    'gateway-spans': [20_000, 200, 30, 120],
  }
  test.each(Object.entries(gatewayFigures))('%s', async (name, [rate, size, warmupS, durationS]) => {
    const workloadFile = resolve(SHIPPED_WORKLOADS, `${name}.yaml`)
    const { workload, sides, notes } = await makePlan({ workloadFile })
    expect(workload).toMatchObject({
      ...{ name, warmupS, durationS },
      ...{ messageBytes: size, producerRateHz: rate },
      ...{ topics: 1, partitionsPerTopic: 1, producersPerTopic: 1, subscriptionsPerTopic: 1 },
    })
    expect(sides.map(({ driver }) => driver)).toEqual(sides.map(() => 'otlp'))
    expect(notes).toEqual([])
  })

  const shapes: Record<string, [durationS: number, messages: number]> = {
    ramp: [150, 1_110_000],
    backlog: [30, 300_000],
    'recorded-traffic': [120, 395_662],
  }
  test.each(Object.entries(shapes))('%s', async (name, [durationS, messages]) => {
    const { workload, refusals, notes } = await readWorkload(resolve(SHIPPED_WORKLOADS, `${name}.yaml`))
    expect(workload).toMatchObject({ name, durationS, messageBytes: 1024, partitionsPerTopic: 16 })
    expect(Math.round(workload.producerRateHz * durationS)).toBe(messages)
    expect([refusals, notes]).toEqual([[], []])
  })

  test("are these, each with the editor's modeline and its question", () => {
    const files = readdirSync(SHIPPED_WORKLOADS).filter((file) => file.endsWith('.yaml'))
    expect(files.sort()).toEqual(
      [...Object.keys({ ...figures, ...gatewayFigures, ...shapes }), 'faults-kill-node']
        .map((name) => `${name}.yaml`)
        .sort(),
    )
    for (const file of files) {
      const [modeline, question] = readFileSync(resolve(SHIPPED_WORKLOADS, file), 'utf8').split('\n')
      expect(modeline).toBe('# yaml-language-server: $schema=../schemas/workload.schema.json')
      expect(question).toMatch(/^# Question: .*\?$/)
    }
  })
})
