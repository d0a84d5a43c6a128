// Goal: whatever can be compared is read for what it is, and whatever cannot is refused with its file, its place and what
// to do. Method: files written into a folder of their own, one kind a test.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSource } from '../../src/compare/sources/index.ts'
import { ombResult } from '../../src/result/export/omb.ts'
import { experimentOf, ombRun, trialsOf } from '../support/compared-results.ts'

// A machine that others use, too.
setDefaultTimeout(60_000)

const RESULT = experimentOf('exp-20261121-100000', { a: trialsOf(1, 2), b: trialsOf(1.5, 2, 1) })
let home = ''
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'bench-sources-'))
  file('exp-20261121-100000/result.json', RESULT)
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(home, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const read = (argument: string) => readSource(argument, 'A', home)

describe('experiments', () => {
  test('by id, latest, folder and file: the same', async () => {
    const folder = join(home, 'exp-20261121-100000')
    const found = await Promise.all(
      ['exp-20261121-100000', 'latest', folder, join(folder, 'result.json')].map(read),
    )
    for (const source of found) expect(source).toEqual(found[0]!)
    expect(found[0]).toMatchObject({ name: 'A', kind: 'bench', title: RESULT.id, workload: 'sample' })
    expect(found[0]!.sides.map(({ label, trials }) => [label, trials.length])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })

  test('a result under another name, and its values in base units', async () => {
    const { sides } = await read(file('other/mine.json', RESULT))
    const [trial] = RESULT.sides[0]!.trials
    const { latencies, counts } = trial!.phases.measure
    expect(sides[0]!.trials[0]!.values).toMatchObject({
      'publish.p99': { value: latencies.publish.summary.p99.us, atLeast: false },
      'e2e.max': { value: latencies.endToEnd.summary.max.us, atLeast: false },
      'rate.publish': { value: 1_000, atLeast: false },
      'cpu.broker': { value: (7.25 * 1e6) / counts.acknowledged, atLeast: false },
      'cpu.client': { value: (11 * 1e6) / counts.acknowledged, atLeast: false },
    })
    expect(sides[0]!.trials[0]!.rateHz).toBe(1_000)
  })

  test('a trial that tells its own rate has that one', async () => {
    const trials = trialsOf(1, 2).map((trial, i) => ({ ...trial, rateHz: 5_000 * (i + 1) }))
    const { sides } = await read(file('rates.json', experimentOf('exp-1', { a: trials })))
    expect(sides[0]!.trials.map(({ rateHz }) => rateHz)).toEqual([5_000, 10_000])
  })
})

describe('the OpenMessaging Benchmark', () => {
  test('one file is one side with one trial; its publish latency is our service time', async () => {
    const source = await read(file('omb.json', ombRun()))
    expect(source).toMatchObject({ kind: 'omb', title: 'omb.json', workload: '1 topic / 1 partition / 1Kb' })
    const [side] = source.sides
    expect(side).toMatchObject({ label: 'Log', notes: [] })
    expect(side!.trials).toHaveLength(1)
    expect(side!.trials[0]).toMatchObject({ measurement: 'valid', integrity: 'unproven', rateHz: null })
    expect(side!.trials[0]!.values).toMatchObject({
      'publish.p99': { value: 4_000 },
      'service.p99': { value: 4_000 },
      'e2e.p50': { value: 1_500 },
      'delay.max': { value: 900 },
      'rate.publish': { value: 50_000 },
    })
  })

  test('what bench exports is read back', async () => {
    const [side] = RESULT.sides
    const exported = ombResult(RESULT, side!, side!.trials[0]!)
    const source = await read(file('ours.omb.json', exported))
    expect(source.kind).toBe('omb')
    const { values } = source.sides[0]!.trials[0]!
    expect(values['service.p50']!.value).toBeCloseTo(
      Number(exported.aggregatedPublishLatency50pct) * 1_000,
      6,
    )
    expect(values['delay.p99']!.value).toBe(Number(exported.aggregatedPublishDelayLatency99pct))
  })

  test('several runs are the trials of a side, by comma or in a folder; drivers are sides', async () => {
    const files = [1, 2, 3].map((i) => file(`runs/log-${i}.json`, ombRun({}, 1 + i / 100)))
    file('runs/queue.json', ombRun({ driver: 'Queue' }, 2))
    const listed = await read(files.join(','))
    expect(listed.sides.map(({ label, trials }) => [label, trials.length])).toEqual([['Log', 3]])
    expect(listed.sides[0]!.trials.map(({ place }) => place)).toEqual([0, 1, 2])
    const folder = await read(join(home, 'runs'))
    expect(folder.sides.map(({ label, trials }) => [label, trials.length])).toEqual([
      ['Log', 3],
      ['Queue', 1],
    ])
    expect(folder.title).toBe('log-1.json and 3 more')
  })

  test('older files lack fields: what they do not tell is not known', async () => {
    const { messageSize: _1, topics: _2, partitions: _3, consumeRate: _4, backlog: _5, ...older } = ombRun()
    for (const key of Object.keys(older)) if (/EndToEnd|Delay/.test(key)) delete older[key]
    const source = await read(file('older.json', older))
    expect(source.facts).toMatchObject({ 'message size': null, topics: null, 'partitions of a topic': null })
    const { values, figures } = source.sides[0]!.trials[0]!
    expect(Object.keys(values).some((name) => /^(e2e|delay)/.test(name))).toBe(false)
    expect(Object.keys(figures)).toEqual(['publishP99'])
  })

  test('a run that came to a standstill, or fell behind, did not hold its rate', async () => {
    const stalled = await read(file('stalled.json', ombRun({ publishRate: [50_000, 50_000, 0, 0] })))
    expect(stalled.sides[0]!.trials[0]!.measurement).toBe('saturated')
    expect(stalled.sides[0]!.notes).toEqual(['Log, stalled.json: nothing was published in 2 of 4 windows.'])
    const behind = await read(file('behind.json', ombRun({ backlog: [0, 60_000, 90_000] })))
    expect(behind.sides[0]!.notes[0]).toContain(
      'the backlog was 90,000 messages at the end: 1.8 s of the rate',
    )
  })

  test('NaN, as Java writes it, is no value; nor is a histogram of nothing', async () => {
    const nan = await read(
      file('nan.json', ombRun({ aggregatedPublishLatency99pct: 'NaN', consumeRate: [1, 'NaN', 3] })),
    )
    expect(nan.sides[0]!.trials[0]!.values['publish.p99']).toBeUndefined()
    expect(nan.sides[0]!.trials[0]!.values['publish.p50']).toBeDefined()
    expect(nan.sides[0]!.notes.join()).toContain('aggregatedPublishLatency99pct is NaN')
    expect(nan.sides[0]!.notes.join()).toContain('consumeRate has 1 element without a number')
    const empty = await read(file('empty-e2e.json', ombRun({ aggregatedEndToEndLatencyMax: 0 })))
    expect(empty.sides[0]!.trials[0]!.values['e2e.p99']).toBeUndefined()
  })
})

describe('bad input', () => {
  const cases: readonly (readonly [string, () => string, RegExp])[] = [
    ['a file that is not there', () => join(home, 'none.json'), /none\.json", which is not there/],
    [
      'an id that is not there',
      () => 'exp-20261121-100001',
      /expected an experiment in .* got "exp-20261121-100001"/,
    ],
    ['not JSON', () => file('text.json', 'hello'), /text\.json:1:1: expected JSON/],
    ['an empty file', () => file('empty.json', ''), /empty\.json:1:1: expected JSON/],
    [
      'a truncated result',
      () => file('cut.json', JSON.stringify(RESULT, null, 1).slice(0, 5_000)),
      /cut\.json:\d+:\d+: expected JSON/,
    ],
    [
      'a binary file',
      () => file('binary.json', 'PK\u0003\u0004\u0000\u0000'),
      /binary\.json, got a binary file/,
    ],
    ['a bare NaN', () => file('bare.json', '{"publishRate": [NaN]}'), /bare\.json:1:18: expected JSON/],
    ['another JSON', () => file('array.json', [1, 2]), /expected schemaVersion 1 in .*array\.json, got none/],
    [
      'a newer version',
      () => file('newer.json', { ...RESULT, schemaVersion: 2 }),
      /expected schemaVersion 1 in .*newer\.json, got 2/,
    ],
    [
      'a result with fields missing',
      () => file('part.json', { schemaVersion: 1, id: 'exp-1' }),
      /expected a result of bench in .*part\.json, got: startedAt: .*; and \d+ more/,
    ],
    [
      'an OMB result with fields missing',
      () => file('omb-part.json', { publishRate: [1], driver: 'Log', aggregatedPublishLatency50pct: 'fast' }),
      /OpenMessaging Benchmark in .*omb-part\.json, got: workload: expected a text, got nothing; aggregatedPublishLatency50pct: expected a number from 0, got "fast"; .*/,
    ],
    [
      'a folder without results',
      () => join(file('blank/readme.txt', ''), '..'),
      /in the folder .*blank, got no JSON/,
    ],
    ['a folder among listed files', () => `${file('ok.json', ombRun())},${home}`, /got a folder/],
    ['a device', () => '/dev/null', /\/dev\/null, got something that is no file/],
    [
      'runs of different workloads as one',
      () => `${file('size-a.json', ombRun())},${file('size-b.json', ombRun({ messageSize: 100 }))}`,
      /expected runs of one workload, got in .*size-b\.json: message size 100 bytes instead of 1,024 bytes/,
    ],
    [
      'one run twice',
      () => `${file('twin-a.json', ombRun())},${file('twin-b.json', ombRun())}`,
      /the same bytes in .*twin-a\.json and .*twin-b\.json/,
    ],
    [
      'a result of bench among runs',
      () => `${file('first.json', ombRun())},${join(home, 'exp-20261121-100000/result.json')}`,
      /got another JSON/,
    ],
  ]
  for (const [name, make, says] of cases) {
    test(name, async () => {
      const refused = await read(make()).then(
        () => null,
        (error: Error & { hint?: string }) => error,
      )
      expect(refused?.message).toMatch(says)
      expect(refused?.hint).toBeTruthy()
    })
  }
})
