// Goal: a workload file yields what it says, or every problem at its line and column; nothing is accepted and ignored.
// Method: files of our own that use every field of OMB's dialect and ours, then each kind of bad input.
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync } from 'node:fs'
import { relative } from 'node:path'
import { ENVELOPE_BYTES } from '../../src/engine/envelope.ts'
import { MAX_YAML_BYTES } from '../../src/workload/limits.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { failureOf, testFolder } from './files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const MINIMAL = 'messageSize: 100\nproducerRate: 5\ntestDurationSeconds: 3\n'
const read = (text: string | Uint8Array, options = {}) => readWorkload(folder.write('w.yaml', text), options)
/** The problem lines without the folder. */
const problems = async (text: string | Uint8Array, options = {}) =>
  (await failureOf(read(text, options))).message.replaceAll(`${folder.path}/`, '').split('\n')

describe("a workload in OMB's dialect", () => {
  test('every field of OMB, randomized payloads', async () => {
    const { workload, refusals, notes, ignored } = await read(`
name: 2 topics / 3 partitions
topics: 2
partitionsPerTopic: 3
keyDistributor: "KEY_ROUND_ROBIN"
messageSize: 1024
useRandomizedPayloads: true
randomBytesRatio: 0.5
randomizedPayloadPoolSize: 1000
subscriptionsPerTopic: 4
producersPerTopic: 5
consumerPerSubscription: 6
producerRate: 7000
consumerBacklogSizeGB: 0
backlogDrainRatio: 0.9
testDurationMinutes: 8
warmupDurationMinutes: 1
`)
    expect(workload).toEqual({
      name: '2 topics / 3 partitions',
      topics: 2,
      partitionsPerTopic: 3,
      keyDistributor: 'KEY_ROUND_ROBIN',
      messageBytes: 1024,
      payload: { kind: 'random', randomRatio: 0.5, poolSize: 1000 },
      subscriptionsPerTopic: 4,
      producersPerTopic: 5,
      consumersPerSubscription: 6,
      producerRateHz: 7000,
      consumerRateHz: null,
      warmupS: 60,
      durationS: 480,
      drivers: null,
    })
    expect([refusals, notes, ignored]).toEqual([[], [], []])
  })

  test('our additions', async () => {
    const { workload } = await read(
      `${MINIMAL}consumerRate: 9\nwarmupDurationSeconds: 0\ndrivers: [a, b:c+d=1]\nschedule: constant\n`,
    )
    expect(workload).toMatchObject({ consumerRateHz: 9, warmupS: 0, durationS: 3, drivers: ['a', 'b:c+d=1'] })
  })

  test('several rates, ascending whatever their order; one is no list; trials as many as a verdict needs', async () => {
    const rated = (rates: string) => read(`messageSize: 100\ntestDurationSeconds: 3\nrates: ${rates}\n`)
    const { workload, refusals } = await rated('[20000, 5000, 10000]')
    expect(workload).toMatchObject({ producerRateHz: 20_000, ratesHz: [5_000, 10_000, 20_000] })
    expect(refusals).toEqual([])
    const one = await rated('[7]')
    expect(one.workload.producerRateHz).toBe(7)
    expect(one.workload).not.toHaveProperty('ratesHz')
    expect((await rated('[7]\nrepeat: auto')).repeat).toBe('auto')
  })

  test('the shortest example of the manual: defaults are taken and told', async () => {
    const { workload, notes } = await read(`name: my-workload
topics: 1
partitionsPerTopic: 16
messageSize: 1024
producersPerTopic: 1
consumerPerSubscription: 1
testDurationMinutes: 5
producerRate: 10000
`)
    expect(workload).toMatchObject({
      subscriptionsPerTopic: 1,
      warmupS: 30,
      durationS: 300,
      payload: { kind: 'fixed' },
    })
    expect(notes).toEqual([
      "subscriptionsPerTopic is not given: taken as 1 (OMB's default is 0: nothing would be consumed)",
      "warm-up is not given: taken as 30 s (OMB's default is 1 minute)",
    ])
  })

  test('without a name the file gives it; topics, partitions and producers default to 1', async () => {
    const { workload, notes } = await read(MINIMAL)
    expect(workload).toMatchObject({ name: 'w', topics: 1, partitionsPerTopic: 1, producersPerTopic: 1 })
    expect(notes).toHaveLength(6)
  })

  test('a byte order mark and CRLF change nothing but the line ends', async () => {
    const { workload } = await read(`\uFEFF${MINIMAL.replaceAll('\n', '\r\n')}`)
    expect(workload.durationS).toBe(3)
    expect(await problems(`\uFEFF${MINIMAL.replaceAll('\n', '\r\n')}x: 1\r\n`)).toEqual([
      expect.stringMatching(/^w\.yaml:4:1: /),
    ])
  })
})

describe('payload files', () => {
  test('found beside the workload file, or in a folder above it as OMB lays them out', async () => {
    const payload = folder.write('omb/payload/p.data', new Uint8Array(100))
    const file = folder.write('omb/workloads/deep/w.yaml', `${MINIMAL}payloadFile: payload/p.data\n`)
    expect((await readWorkload(file)).workload.payload).toEqual({ kind: 'file', path: payload })
    const near = folder.write('omb/workloads/deep/payload/p.data', new Uint8Array(100))
    expect((await readWorkload(file)).workload.payload).toEqual({ kind: 'file', path: near })
    const absolute = folder.write('w2.yaml', `${MINIMAL}payloadFile: ${payload}\n`)
    expect((await readWorkload(absolute)).workload.payload).toEqual({ kind: 'file', path: payload })
  })

  test('missing, or of another size', async () => {
    expect(await problems(`${MINIMAL}payloadFile: nowhere/p.data\n`)).toEqual([
      expect.stringMatching(
        /^w\.yaml:4:14: expected payloadFile to be there, got no file "nowhere\/p\.data"/,
      ),
    ])
    folder.write('p99.data', new Uint8Array(99))
    expect(await problems(`${MINIMAL}payloadFile: p99.data\n`)).toEqual([
      expect.stringMatching(
        /^w\.yaml:4:14: expected payloadFile of 100 bytes .*got 99 in .*\(set messageSize: 99\)$/,
      ),
    ])
  })

  test('not used with randomized payloads, as in OMB, and said so', async () => {
    const { workload, notes } = await read(
      `${MINIMAL}payloadFile: none\nuseRandomizedPayloads: true\nrandomBytesRatio: 1\nrandomizedPayloadPoolSize: 2\n`,
    )
    expect(workload.payload).toEqual({ kind: 'random', randomRatio: 1, poolSize: 2 })
    expect(notes.join()).toContain('payloadFile is not used')
  })
})

describe('an automatic warm-up', () => {
  test('has a longest time, its own or the one that is given', async () => {
    expect((await read(`${MINIMAL}warmup: auto\n`)).workload).toMatchObject({ warmup: 'auto', warmupS: 120 })
    const given = await read(`${MINIMAL}warmup: auto\nwarmupDurationSeconds: 45\n`)
    expect(given.workload).toMatchObject({ warmup: 'auto', warmupS: 45 })
  })

  test('that could not tell in its time is refused', async () => {
    const { message } = await failureOf(read(`warmup: auto\nwarmupDurationSeconds: 14\n${MINIMAL}`))
    expect(message).toMatch(/w\.yaml:2:24: expected at least 15 s beside warmup: auto, got 14 s/)
  })
})

describe('objectives', () => {
  test('are kept as written', async () => {
    const { workload } = await read(`${MINIMAL}slo: ['publish.p99 < 20ms', errors == 0]\n`)
    expect(workload.slo).toEqual(['publish.p99 < 20ms', 'errors == 0'])
  })

  test('that say nothing are refused at their place', async () => {
    const { message } = await failureOf(read(`slo: [errors == 0, publish.p99 < 20]\n${MINIMAL}`))
    expect(message).toMatch(/w\.yaml:1:20: character \d+ of "publish\.p99 < 20": expected a unit/)
  })
})

describe('bad input', () => {
  test('all problems at once, in the order of the file, each at its place with what came', async () => {
    expect(
      await problems(`name: 5
topics: 0
partitionPerTopic: 3
messageSize: 10
producerRate: "100"
useRandomizedPayloads: yes
randomBytesRatio: 1.5
keyDistributor: KEY
warmupDurationMinutes: -1
drivers: [a, 4]
testDurationMinutes: 0.5
`),
    ).toEqual([
      'w.yaml:1:7: expected name to be a text that is not empty, got 5 (Name in results; default: the file name)',
      'w.yaml:2:9: expected topics to be a whole number from 1 to 10000000, got 0 (Topics to create)',
      'w.yaml:3:1: expected a known key, got "partitionPerTopic" (did you mean partitionsPerTopic?)',
      expect.stringContaining('w.yaml:4:14: expected messageSize to be a whole number from 48 to'),
      expect.stringContaining(
        'w.yaml:5:15: expected producerRate to be a whole number from 0 to 1000000000, got "100"',
      ),
      expect.stringContaining('w.yaml:6:24: expected useRandomizedPayloads to be true or false, got "yes"'),
      expect.stringContaining('w.yaml:7:19: expected randomBytesRatio to be a number from 0 to 1, got 1.5'),
      expect.stringContaining(
        'w.yaml:8:17: expected keyDistributor to be one of NO_KEY, KEY_ROUND_ROBIN, RANDOM_NANO, got "KEY"',
      ),
      expect.stringContaining('w.yaml:9:24: expected warmupDurationMinutes to be a whole number from 0'),
      'w.yaml:10:14: expected drivers[1] to be a text that is not empty, got 4',
      expect.stringContaining(
        'w.yaml:11:22: expected testDurationMinutes to be a whole number from 1 to 10080, got 0.5',
      ),
    ])
  })

  test.each([
    '-5',
    '1.5',
    '.nan',
    '.inf',
    '1e400',
    '"7"',
    'many',
    '[1]',
    '{a: 1}',
    '',
    'true',
    '99999999999',
  ])('producerRate: %s', async (value) => {
    const [problem, ...others] = await problems(
      `messageSize: 100\ntestDurationSeconds: 1\nproducerRate: ${value}\n`,
    )
    expect(others).toEqual([])
    expect(problem).toMatch(
      /^w\.yaml:3:\d+: expected producerRate to be a whole number from 0 to 1000000000, got /,
    )
  })

  const withRates = (rates: string) => problems(`messageSize: 100\ntestDurationSeconds: 1\nrates: ${rates}\n`)

  test.each([
    ['[]', /^w\.yaml:3:8: expected rates to be a list of 1 to 16, got a list of 0/],
    [
      `[${Array.from({ length: 17 }, (_, i) => i + 1)}]`,
      /expected rates to be a list of 1 to 16, got a list of 17/,
    ],
    ['5000', /^w\.yaml:3:8: expected rates to be a list of 1 to 16, got 5000/],
    ['', /^w\.yaml:3:\d+: expected rates to be a list of 1 to 16, got nothing/],
    ['[10, 0]', /^w\.yaml:3:13: expected rates\[1\] to be a whole number from 1 to 9999999, got 0/],
    ['[10, -5]', /^w\.yaml:3:13: .*got -5/],
    ['[10, 1.5]', /^w\.yaml:3:13: .*got 1.5/],
    ['[10, "20"]', /^w\.yaml:3:13: .*got "20"/],
    ['[10, many]', /^w\.yaml:3:13: .*got "many"/],
    ['[10, .nan]', /^w\.yaml:3:13: .*got NaN/],
    ['[10, 10000000]', /^w\.yaml:3:13: .*got 10000000/],
    ['[10, 20, 10]', /^w\.yaml:3:17: expected each rate once, got 10 again \(remove it/],
  ])('rates: %s', async (rates, pattern) => {
    const [problem, ...others] = await withRates(rates)
    expect(problem).toMatch(pattern)
    expect(others).toEqual([])
  })

  test('rates stand in the place of producerRate', async () => {
    expect(await problems(`${MINIMAL}rates: [1, 2]\n`)).toEqual([
      'w.yaml:4:8: expected producerRate or rates, got both (remove one of them: rates stand in the place of producerRate)',
    ])
  })

  test.each(['0', '101', 'many', '[1]'])('repeat: %s', async (value) => {
    expect(await problems(`${MINIMAL}repeat: ${value}\n`)).toEqual([
      expect.stringMatching(/^w\.yaml:4:9: expected repeat to be a whole number from 1 to 100 or auto, got /),
    ])
  })

  test('the smallest message is the envelope alone', async () => {
    const sized = (bytes: number) => MINIMAL.replace('messageSize: 100', `messageSize: ${bytes}`)
    expect((await read(sized(ENVELOPE_BYTES))).workload.messageBytes).toBe(ENVELOPE_BYTES)
    expect(await problems(sized(ENVELOPE_BYTES - 1))).toEqual([
      expect.stringContaining('w.yaml:1:14: expected messageSize'),
    ])
  })

  test('missing keys point at the map and say what they are', async () => {
    expect(await problems('topics: 1\n')).toEqual([
      expect.stringMatching(/^w\.yaml:1:1: expected messageSize to be .*, got nothing \(Bytes of a message/),
    ])
    expect(await problems('messageSize: 100\n')).toEqual([
      'w.yaml:1:1: expected producerRate or rates, got neither (add producerRate: 10000)',
      expect.stringContaining('w.yaml:1:1: expected testDurationMinutes or testDurationSeconds, got neither'),
    ])
  })

  test('a duration given twice, or not at all', async () => {
    expect(
      await problems(
        `${MINIMAL}testDurationMinutes: 1\nwarmupDurationSeconds: 1\nwarmupDurationMinutes: 1\n`,
      ),
    ).toEqual([
      'w.yaml:3:22: expected testDurationMinutes or testDurationSeconds, got both (remove one of them)',
      'w.yaml:5:24: expected warmupDurationMinutes or warmupDurationSeconds, got both (remove one of them)',
    ])
    expect(await problems('messageSize: 100\nproducerRate: 5\n')).toEqual([
      'w.yaml:1:1: expected testDurationMinutes or testDurationSeconds, got neither (add testDurationMinutes: 5)',
    ])
  })

  test('randomized payloads need ratio and pool, and a pool that fits', async () => {
    expect(await problems(`${MINIMAL}useRandomizedPayloads: true\n`)).toEqual([
      expect.stringContaining('w.yaml:4:24: expected randomBytesRatio beside'),
      expect.stringContaining('w.yaml:4:24: expected randomizedPayloadPoolSize beside'),
    ])
    expect(
      await problems(
        `${MINIMAL}useRandomizedPayloads: true\nrandomBytesRatio: 0\nrandomizedPayloadPoolSize: 9000000\n`,
      ),
    ).toEqual([
      expect.stringMatching(/^w\.yaml:6:28: expected a payload pool of at most \d+ bytes, got 900000000/),
    ])
  })

  test.each<[string, string | Uint8Array, RegExp]>([
    ['empty', '', /^w\.yaml:1:1: expected settings \(key: value\), got an empty file$/],
    ['only a comment', '# nothing\n', /got an empty file$/],
    ['null', 'null\n', /got an empty file$/],
    ['a list', '- a\n', /^w\.yaml:1:1: expected a map of settings \(key: value\), got a list$/],
    ['a word', 'hello\n', /got a single value$/],
    ['broken syntax', 'topics: [1,\n', /^w\.yaml:\d+:\d+: expected YAML, got: /],
    ['a tab', 'topics:\n\t- 1\n', /^w\.yaml:2:1: expected YAML, got: tabs/],
    ['two documents', `${MINIMAL}---\na: 1\n`, /^w\.yaml:4:1: expected one document, got a second$/],
    ['an unknown tag', `${MINIMAL}topics: !x 1\n`, /^w\.yaml:4:9: expected YAML, got: unresolved tag/],
    [
      'a key twice',
      `${MINIMAL}messageSize: 5\n`,
      /^w\.yaml:4:1: expected each key once, got "messageSize" again/,
    ],
    ['a key that is a number', `${MINIMAL}1: 5\n`, /^w\.yaml:4:1: expected a key that is a word/],
    ['a key that is a list', `${MINIMAL}? [a]\n: 5\n`, /^w\.yaml:4:3: expected a key that is a word/],
    [
      '__proto__',
      `${MINIMAL}__proto__: {topics: 5}\n`,
      /^w\.yaml:4:1: expected a known key, got "__proto__"$/,
    ],
    ['constructor', `${MINIMAL}constructor: 1\n`, /^w\.yaml:4:1: expected a known key, got "constructor"/],
    ['an alias without anchor', `${MINIMAL}topics: *x\n`, /^w\.yaml:4:9: expected YAML, got: /],
    [
      'depth',
      `${MINIMAL}slo: ${'['.repeat(100)}${']'.repeat(100)}\n`,
      /^w\.yaml:4:\d+: expected at most 64 levels/,
    ],
    ['great depth', `slo: ${'['.repeat(300_000)}`, /^w\.yaml:1:\d+: expected /],
    ['not UTF-8', new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe]), /^w\.yaml: expected UTF-8 text/],
    ['NUL bytes', new Uint8Array(100), /^w\.yaml:1:1: expected /],
  ])('%s', async (_, text, pattern) => {
    expect((await problems(text))[0]).toMatch(pattern)
  })

  test('aliases that multiply are cut off', async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'x0: &x0 [1, 2]'
        : `x${level}: &x${level} [${Array(9)
            .fill(`*x${level - 1}`)
            .join(', ')}]`,
    )
    expect((await problems(`${levels.join('\n')}\n`))[0]).toMatch(
      /^w\.yaml:2:10: expected at most 100 aliased values/,
    )
  })

  test('a long list of aliases is refused before it is resolved', async () => {
    expect((await problems(`topics: &a 1\nslo: [${'*a,'.repeat(50_000)}]\n`))[0]).toMatch(
      /^w\.yaml:2:307: expected at most 100 aliases, got more$/,
    )
  })

  test('a file full of unknown keys is answered within seconds', async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('')
    expect((await problems(`${MINIMAL}${keys}`)).at(-1)).toBe('and 19950 more')
  }, 20_000)

  test('an alias may be used; a problem below it points at it', async () => {
    expect(
      (await read('messageSize: &n 100\nproducerRate: *n\ntestDurationSeconds: 3\n')).workload.producerRateHz,
    ).toBe(100)
    expect(
      await problems('name: &n x\nmessageSize: 100\nproducerRate: *n\ntestDurationSeconds: 3\n'),
    ).toEqual([expect.stringContaining('w.yaml:3:15: expected producerRate to be a whole number')])
  })

  test('missing, a folder, too large, unreadable', async () => {
    folder.write('near/poc.yaml', MINIMAL)
    expect((await failureOf(readWorkload(`${folder.path}/near/pox.yaml`))).message).toMatch(
      /pox\.yaml: expected a YAML file, got nothing there \(did you mean poc\.yaml\?\)$/,
    )
    expect((await failureOf(readWorkload(folder.path))).message).toMatch(
      /: expected a file, got a directory$/,
    )
    expect((await problems(`#${'x'.repeat(MAX_YAML_BYTES)}`))[0]).toMatch(
      /expected at most 1048576 bytes, got 1048577$/,
    )
    const secret = folder.write('secret.yaml', MINIMAL)
    chmodSync(secret, 0)
    if (process.getuid?.() === 0) console.warn('SKIPPED: unreadable file (root reads everything)')
    else
      expect((await failureOf(readWorkload(secret))).message).toMatch(/expected a readable file, got EACCES/)
  })

  test('the file is named as it was given', async () => {
    const file = relative(process.cwd(), folder.write('rel.yaml', 'x: 1\n'))
    expect((await failureOf(readWorkload(file))).message).toStartWith(`${file}:1:1: `)
  })

  test('many problems are printed up to a limit', async () => {
    const lines = await problems(
      `${MINIMAL}${Array.from({ length: 80 }, (_, index) => `unknown${index}: 1\n`).join('')}`,
    )
    expect(lines).toHaveLength(51)
    expect(lines.at(-1)).toBe('and 30 more')
  })
})

describe('the lenient switch', () => {
  test('passes over unknown keys and enum values, and lists them', async () => {
    const text = `${MINIMAL}existingTopicList: [a]\nkeyDistributor: KEY_SOMETHING\n`
    expect(await problems(text)).toHaveLength(2)
    const { workload, ignored } = await read(text, { lenient: true })
    expect(workload.keyDistributor).toBe('NO_KEY')
    expect(ignored.map((line) => line.replace(/^.*w\.yaml:/, ''))).toEqual([
      '5:17: unknown value "KEY_SOMETHING" of keyDistributor',
      '4:1: unknown key existingTopicList',
    ])
  })

  test('keeps every other check', async () => {
    expect(
      await problems('messageSize: x\nproducerRate: -1\ntestDurationSeconds: 1\n', { lenient: true }),
    ).toHaveLength(2)
  })
})
