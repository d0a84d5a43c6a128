// Goal: whatever stands in a file, reading it ends in a value or in an AppError whose every line has a place. Method:
// random damage to valid workload and driver files: bytes cut, doubled, replaced, lines swapped, values exchanged.
import { afterAll, describe, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../src/errors/app-error.ts'
import { readDriverFile } from '../../src/workload/driver-file.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { testFolder } from './files.ts'
import { testRegistry } from './test-entry.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const WORKLOAD = `# comment
name: 2 topics / 3 partitions
topics: 2
partitionsPerTopic: &n 3
keyDistributor: "KEY_ROUND_ROBIN"
messageSize: 1024
useRandomizedPayloads: true
randomBytesRatio: 0.5
randomizedPayloadPoolSize: 1000
subscriptionsPerTopic: *n
producerRate: 7000
testDurationMinutes: 8
drivers: [demo, "demo:other+lingerMs=5"]
slo: ['publish.p99 < 20ms', errors == 0]
backlog: {messages: 500000}
`
const DRIVER =
  'name: Demo\ndriver: demo\nservers: ["a:1"]\nacks: all\nsasl:\n  username: u\n  password: "p"\ntopicConfig: {a: "b"}\n'
const OMB =
  'name: Demo\ndriverClass: a.b.DemoBenchmarkDriver\nproducerConfig: |\n  linger.ms=5\n  a=\\u0041\ncompression: gzip\n'

const fragment = fc.constantFrom(
  ...[
    '',
    ' ',
    '\n',
    '\t',
    '\r\n',
    ':',
    ': ',
    '- ',
    '? ',
    '#',
    '|',
    '>',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '*n',
    '!t ',
  ],
  ...[
    '<<: *n\n',
    '---\n',
    '...\n',
    '%YAML 9\n',
    '__proto__: 1\n',
    'constructor: {prototype: 1}\n',
    '\u0000',
    '\uFEFF',
    '\u{1F600}',
  ],
  ...[
    '.nan',
    '-0',
    '1e400',
    '0x10',
    'null',
    '~',
    'true',
    '99999999999999999999',
    '!!binary aGk=',
    '!!set {a}',
    '2001-01-01',
  ],
)
const damage = fc.record({ at: fc.nat(400), cut: fc.nat(30), insert: fragment })

function damaged(text: string, damages: readonly { at: number; cut: number; insert: string }[]): string {
  return damages.reduce((current, { at, cut, insert }) => {
    const start = at % (current.length + 1)
    return current.slice(0, start) + insert + current.slice(start + (cut < 15 ? 0 : cut - 15))
  }, text)
}

/** Every line of the message begins with `file:line:col: ` and says what was expected, or counts the rest. */
async function holds(read: () => Promise<unknown>, file: string): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFIG') throw error
    for (const line of error.message.split('\n')) {
      const rest = line.startsWith(file) ? line.slice(file.length) : line
      if (!/^:[1-9]\d*:[1-9]\d*: .*(expected|properties text)|^and \d+ more$/.test(rest))
        throw new Error(`no place: ${line}`)
    }
  }
}

describe('damaged files', () => {
  const cases: [string, string, (file: string, lenient: boolean) => Promise<unknown>][] = [
    ['workload', WORKLOAD, (file, lenient) => readWorkload(file, { lenient })],
    ['driver file', DRIVER, (file, lenient) => readDriverFile(file, testRegistry, { lenient })],
    ['OMB driver file', OMB, (file, lenient) => readDriverFile(file, testRegistry, { lenient })],
  ]
  test.each(cases)(
    '%s',
    async (_, text, read) => {
      await read(folder.write('valid.yaml', text), false)
      await fc.assert(
        fc.asyncProperty(
          fc.array(damage, { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          async (damages, lenient) => {
            const file = folder.write('damaged.yaml', damaged(text, damages))
            await holds(() => read(file, lenient), file)
          },
        ),
        { numRuns: 1000 },
      )
    },
    60_000,
  )
})
