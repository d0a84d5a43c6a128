// Goal: the fairness table says what each side promised in words that mean the same for every system, marks what
// differs, and never guesses. Method: synthetic results with facts given, left out, changed between trials, or hostile;
// every view that prints them is read.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { FAIRNESS_KEYS, type FairnessKey, fairnessOf, fairnessText } from '../../src/compare/fairness.ts'
import { guaranteeRows } from '../../src/compare/guarantees.ts'
import { settingsTable } from '../../src/compare/settings.ts'
import type { Terms } from '../../src/engine/types.ts'
import { metricsModel, metricsTable } from '../../src/report/metrics.ts'
import { renderTable } from '../../src/report/terminal.ts'
import { renderHtml } from '../../src/report/write-report.ts'
import { parseResult } from '../../src/result/parse-result.ts'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { sampleResult, sampleSide, sampleTrial } from '../result/sample-result.ts'

const TERMS: Terms = {
  acknowledgedBy: 'copies in sync',
  deduplicates: true,
  batching: { lingerMs: 1, maxBytes: 131_072 },
  compression: 'none',
  consumerAcks: 'offsets, every 1000 ms',
  platform: 'OpenJDK 17.0.15',
  hosts: ['a:1', 'b:1', 'c:1'],
}
const PROMISE = {
  delivery: 'at-least-once',
  orderDomain: 'partition',
  sharedStreams: false,
  partitions: 'native',
} as const

/** A trial whose server states these terms; `server` and `promise` replace further facts. */
function trialOf(
  terms: Terms | undefined,
  server: Partial<TrialResult['server']> = {},
  promise: Partial<TrialResult['promise']> = {},
): TrialResult {
  const trial = sampleTrial()
  const guarantees = { copies: 3, copiesAtAck: 2, syncedAtAck: false }
  return {
    ...trial,
    server: { ...trial.server, guarantees, ...(terms === undefined ? {} : { terms }), ...server },
    promise: { ...PROMISE, ...promise },
  }
}

const full = trialOf(TERMS)
const other = trialOf(
  { ...TERMS, acknowledgedBy: 'majority of copies', batching: 'none', platform: 'Erlang/OTP 25.2.3' },
  {
    version: '3.10.8',
    client: 'amqplib 2.3.1',
    guarantees: { copies: 3, copiesAtAck: 2, syncedAtAck: true },
  },
  { partitions: 'emulated' },
)

const resultOf = (...sides: (readonly TrialResult[])[]): ExperimentResult =>
  sampleResult({ sides: sides.map((trials, i) => sampleSide('abc'[i]!, { trials })) })

const rowOf = (result: ExperimentResult, key: FairnessKey) =>
  fairnessOf(result).rows.find((row) => row.key === key)!

const cellsOf = (result: ExperimentResult, key: FairnessKey) => {
  const table = fairnessOf(result)
  return table.sides.map((_, i) => fairnessText(table, rowOf(result, key), i))
}

test('each fact is one row in neutral words, and what differs is marked', () => {
  const table = fairnessOf(resultOf([full], [other]))
  expect(table.sides).toEqual([
    { label: 'a', wasRun: true },
    { label: 'b', wasRun: true },
  ])
  expect(Object.fromEntries(table.rows.map(({ key, values }) => [key, values]))).toEqual({
    delivery: ['at-least-once', 'at-least-once'],
    order: ['kept within a partition', 'kept within a partition'],
    acknowledgedBy: ['copies in sync', 'majority of copies'],
    copies: ['3', '3'],
    copiesAtAck: ['2', '2'],
    syncedAtAck: ['no', 'yes'],
    deduplicates: ['yes', 'yes'],
    linger: ['1 ms', 'none'],
    batchSize: ['131,072 bytes', '1 message'],
    compression: ['none', 'none'],
    partitions: ['16', '16, as queues'],
    consumerAcks: ['offsets, every 1000 ms', 'offsets, every 1000 ms'],
    serverVersion: ['4.3.1', '3.10.8'],
    client: ['@platformatic/kafka 2.12.1', 'amqplib 2.3.1'],
    platform: ['OpenJDK 17.0.15', 'Erlang/OTP 25.2.3'],
    hosts: ['this machine (native), 3 servers', 'this machine (native), 3 servers'],
  })
  const marked = table.rows.filter(({ differs }) => differs).map(({ key }) => key)
  expect(marked).toEqual(['acknowledgedBy', 'syncedAtAck', 'linger', 'batchSize', 'partitions', 'platform'])
})

test('versions are held against one another within a driver only', () => {
  const [a, b] = [sampleSide('a', { trials: [full] }), sampleSide('b', { trials: [other] })]
  const differs = (driver: string) =>
    rowOf(sampleResult({ sides: [a, { ...b, driver }] }), 'serverVersion').differs
  expect(differs('b')).toBe(false)
  expect(differs('a')).toBe(true)
})

test('what nobody told is not known: it differs from all that is known, and a side that was not run from nothing', () => {
  const silent = trialOf(
    undefined,
    { guarantees: {}, version: 'unknown' },
    { partitions: undefined as never },
  )
  const result = resultOf([full], [silent], [])
  for (const key of ['acknowledgedBy', 'copies', 'linger', 'partitions', 'serverVersion'] as const)
    expect(cellsOf(result, key).slice(1)).toEqual(['not known', '–'])
  expect(rowOf(result, 'copies')).toMatchObject({ values: ['3', null, null], differs: true })
  const [table] = settingsTable(resultOf([full], []))
  expect(table!.rows.filter(({ differs }) => differs)).toEqual([])
  expect(table!.rows.map(({ values }) => values[1])).toEqual(FAIRNESS_KEYS.map(() => null))
})

test('with one copy there is nobody else to wait for; without any it says where a message was', () => {
  const by = (acknowledgedBy: Terms['acknowledgedBy'], copies: number) =>
    cellsOf(
      resultOf([
        trialOf({ ...TERMS, ...(acknowledgedBy && { acknowledgedBy }) }, { guarantees: { copies } }),
      ]),
      'acknowledgedBy',
    )[0]
  for (const rule of ['copies in sync', 'majority of copies', 'quorum of copies', 'one copy'] as const)
    expect(by(rule, 1)).toBe('the only copy')
  expect(by('one copy', 3)).toBe('one copy')
  expect(by('nobody', 1)).toBe('nobody: it was handed to the socket')
  expect(by('memory', 1)).toBe('one server, in memory')
  expect(by('receiver', 0)).toBe('the receiver behind the system')
})

test('batch limits and given hosts are told as they are', () => {
  const batch = (batching: Terms['batching']) =>
    cellsOf(resultOf([trialOf({ ...TERMS, ...(batching && { batching }) })]), 'batchSize')[0]
  expect(batch({ lingerMs: 0, maxMessages: 1000, maxBytes: 5 })).toBe('1,000 messages or 5 bytes')
  expect(batch({ lingerMs: 0 })).toBe('no limit')
  expect(cellsOf(resultOf([trialOf(TERMS, { runtime: 'given' })]), 'hosts')).toEqual(['a:1, b:1, c:1'])
})

test('a system that changed between trials tells both', () => {
  const newer = trialOf(TERMS, { version: '4.3.2' })
  expect(cellsOf(resultOf([full, newer, full]), 'serverVersion')).toEqual(['4.3.1, then 4.3.2'])
  const forgetful = trialOf({ ...TERMS, platform: undefined as never })
  expect(cellsOf(resultOf([full, forgetful]), 'platform')).toEqual(['OpenJDK 17.0.15, then not known'])
})

test('verdicts take their guarantees from this table and from nowhere else', () => {
  const result = resultOf([full], [other])
  const rows = fairnessOf(result).rows.filter(({ isGuarantee }) => isGuarantee)
  expect(rows.map(({ key }) => key)).toEqual(['delivery', 'order', 'copies', 'copiesAtAck', 'syncedAtAck'])
  expect(guaranteeRows(result)).toEqual(rows.map(({ name, values }) => ({ name, values })))
})

test('JSON and CSV hold every fact, the terminal what differs; a written result is read back', () => {
  const result = resultOf([full], [other], [])
  expect(parseResult(JSON.stringify(result), 'f').sides[0]!.trials[0]!.server.terms).toEqual(TERMS)
  expect(metricsModel(result).fairness).toEqual(fairnessOf(result))
  const { header, rows } = metricsTable(result)
  expect(rows.map((row) => row[header.indexOf('fair_synced_at_ack')])).toEqual(['no', 'yes', null])
  expect(header.filter((name) => name.startsWith('fair_'))).toHaveLength(FAIRNESS_KEYS.length)
  const lines = renderTable(result, { columns: 100 })
  expect(lines).toContain('  on disk at the acknowledgement: a no; b yes')
  expect(lines.some((line) => line.includes('compression'))).toBe(false)
  expect(renderTable(resultOf([full], [full]), { columns: 100 }).join()).not.toContain('Not alike')
})

test('the documentation says of each row where it comes from, and which are guarantees', async () => {
  const text = await Bun.file(join(import.meta.dir, '../../docs/fairness.md')).text()
  const documented = text.split('\n').filter((line) => line.startsWith('| '))
  for (const { name, isGuarantee } of fairnessOf(resultOf([full])).rows) {
    const line = documented.find((each) => each.includes(name)) ?? 'no line'
    expect({ name, isGuarantee: line.includes('(guarantee)') }).toEqual({ name, isGuarantee })
    expect(line).not.toBe('no line')
  }
})

test('what a server says of itself cannot harm the page, the terminal or the table', () => {
  const evil = `<script>alert(1)</script>\u001b[31m\n${'x'.repeat(5000)}`
  const result = resultOf(
    [full],
    [trialOf({ ...TERMS, platform: evil, compression: '=1+1' }, { version: evil })],
  )
  expect(cellsOf(result, 'platform')[1]!.length).toBeLessThan(250)
  const html = renderHtml(result, '', '')
  expect(html).not.toContain('<script>alert(1)')
  expect(html).toContain('&lt;script&gt;alert(1)')
  const lines = renderTable(result, { columns: 80 })
  expect(lines.join('')).not.toContain('\u001b')
  expect(lines.join('')).not.toContain('\n')
})
