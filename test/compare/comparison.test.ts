// Goal: a comparison says what its trials show and nothing more: the very verdict of the report for one experiment, one
// family of tests for several, nobody ranked where the loads differ. Method: synthetic results with planted shifts.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  type ComparisonOptions,
  compareSources,
  type SourceComparison,
} from '../../src/compare/comparison/index.ts'
import { parseGate } from '../../src/compare/gates/grammar.ts'
import { headlineOf } from '../../src/compare/headline.ts'
import { benchSource } from '../../src/compare/sources/bench-source.ts'
import type { Source } from '../../src/compare/sources/index.ts'
import { parseOmbRun } from '../../src/compare/sources/omb-result.ts'
import { ombSource } from '../../src/compare/sources/omb-source.ts'
import { metricsModel } from '../../src/report/metrics.ts'
import type { ExperimentResult, TrialResult } from '../../src/result/result.ts'
import { sampleAudit, sampleTrial } from '../result/sample-result.ts'
import { experimentOf, ombRun, trialsOf } from '../support/compared-results.ts'

// A machine that others use, too.
setDefaultTimeout(60_000)

const OLD = experimentOf('exp-1', { a: trialsOf(1), b: trialsOf(2, 7, 1) })
const NEW = experimentOf('exp-2', { a: trialsOf(1, 7, 2), b: trialsOf(2.5, 7, 3) })

function sourcesOf(...results: readonly ExperimentResult[]): Source[] {
  return results.map((result, i) => benchSource(result, 'ABC'[i]!, [], `${i} ${result.id}`))
}

function omb(name: string, ...runs: readonly Record<string, unknown>[]): Source {
  const files = runs.map((raw, i) => ({ file: `${name}-${i}.json`, run: parseOmbRun(raw, name) }))
  return ombSource(files, name, name)
}

function compared(sources: readonly Source[], options: Partial<ComparisonOptions> = {}): SourceComparison {
  return compareSources(sources, { by: null, sides: [], gates: [], strict: false, ...options })
}

/** Every sentence of a contest's verdict. */
const said = ({ contests }: SourceComparison, i = 0) =>
  contests[i]!.sections.flatMap(({ lines }) => lines).join('\n')

describe('one experiment', () => {
  test('the very sentences and numbers of its report', () => {
    const comparison = compared(sourcesOf(OLD))
    expect(comparison.by).toBe('side')
    expect(comparison.sections).toEqual(headlineOf(OLD).headToHead)
    expect(comparison.headline).toEqual({ tone: headlineOf(OLD).tone, first: headlineOf(OLD).first })
    expect(comparison.verdict).toEqual(metricsModel(OLD).headToHead)
    expect(comparison.sections[0]!.lines[0]).toStartWith('a has the lower publish p99')
    expect(comparison.contests).toHaveLength(1)
    expect(comparison.exitCode).toBe(0)
  })

  test('one trial each: what the report says, and no statistics', () => {
    const single = experimentOf('exp-1', { a: trialsOf(1, 1), b: trialsOf(2, 1, 1) })
    const comparison = compared(sourcesOf(single))
    expect(comparison.sections).toEqual(headlineOf(single).headToHead)
    expect(comparison.sections[0]!.lines[0]).toContain('This is one trial each')
    expect(comparison.verdict).toBeNull()
  })

  test('--side takes a part; --strict refuses to rank what the report ranked', () => {
    const three = experimentOf('exp-1', { a: trialsOf(1), b: trialsOf(2, 7, 1), c: trialsOf(3, 7, 2) })
    const part = compared(sourcesOf(three), { sides: ['a', 'c'] })
    expect(part.contests[0]!.sides.map(({ label }) => label)).toEqual(['a', 'c'])
    expect(part.sections).toEqual(
      headlineOf({ ...three, sides: [three.sides[0]!, three.sides[2]!] }).headToHead,
    )
    const promised = (trials: readonly TrialResult[], delivery: 'at-least-once' | 'at-most-once') =>
      trials.map((trial) => ({ ...trial, promise: { ...trial.promise, delivery } }))
    const unequal = experimentOf('exp-1', {
      a: promised(trialsOf(1), 'at-least-once'),
      b: promised(trialsOf(2, 7, 1), 'at-most-once'),
    })
    const strict = compared(sourcesOf(unequal), { strict: true, gates: [parseGate('publish.p99>+5%')] })
    expect(strict.sections[0]!.lines[0]).toContain(
      'a and b are not ranked on publish p99: they do not promise the same',
    )
    expect(strict.gates[0]).toMatchObject({ outcome: 'not judged' })
    expect(strict.gates[0]!.sentence).toContain(
      'do not promise the same (delivery: at-least-once against at-most-once)',
    )
  })

  test('several rates: a contest each', () => {
    const at = (trials: readonly TrialResult[]) =>
      trials.map((trial, i) => ({ ...trial, rateHz: i % 2 === 0 ? 5_000 : 10_000 }))
    const result = experimentOf('exp-1', { a: at(trialsOf(1)), b: at(trialsOf(2, 7, 1)) })
    const { contests, verdict, gates } = compared(sourcesOf(result), {
      gates: [parseGate('publish.p99>+5%')],
    })
    expect(contests.map(({ verdict: load }) => load)).toEqual([...verdict!.loads])
    expect(gates.map(({ sentence }) => sentence.includes('b against a at 5,000 msg/s: '))).toEqual([
      true,
      false,
    ])
    expect(contests.map(({ title, rateHz, sides }) => [title, rateHz, sides[0]!.trials.length])).toEqual([
      ['sample at 5,000 msg/s', 5_000, 4],
      ['sample at 10,000 msg/s', 10_000, 3],
    ])
  })
})

describe('two experiments', () => {
  test('sides are matched by label; all contests share one adjustment', () => {
    const comparison = compared(sourcesOf(OLD, NEW))
    expect(comparison.by).toBe('source')
    expect(comparison.contests.map(({ title }) => title)).toEqual(['a: B against A', 'b: B against A'])
    expect(said(comparison, 0)).toContain('No difference in publish p99 shown between a@A and a@B')
    expect(said(comparison, 1)).toMatch(/b@A has the lower publish p99: .* of b@B, −20 % \(96\.2 % interval/)
    expect(comparison.verdict!.tests).toBe(6)
    expect(comparison.sections[0]!.lines[0]).toContain('adjusted for 6 tests (Holm)')
    expect(comparison.headline.first).toContain('b@B is worse in publish p99 and end-to-end p99')
    expect(comparison.headline.first).toContain('a@B: no difference shown')
    const row = comparison.contests[1]!.rows.find(({ figure }) => figure.name === 'publish.p99')!
    expect(row.changes[0]).toMatchObject({ test: { outcome: 'shown' } })
    expect(row.changes[0]!.ratio).toBeCloseTo(1.25, 1)
    const described = comparison.contests[1]!.rows.find(({ figure }) => figure.name === 'publish.p50')!
    expect(described.changes[0]!.test).toBeNull()
  })

  test('the baseline is the first; three sources are two contests a label, and nobody else is tested', () => {
    const comparison = compared(sourcesOf(OLD, NEW, experimentOf('exp-3', { a: trialsOf(1.3, 7, 4) })))
    expect(comparison.contests.map(({ title }) => title)).toEqual([
      'a: B against A',
      'a: C against A',
      'b: B against A',
    ])
    expect(comparison.notes).toContain('b is not in C: not compared.')
    expect(comparison.verdict!.tests).toBe(9)
  })

  test('the same source twice is told first and shows nothing', () => {
    const [one] = sourcesOf(OLD)
    const comparison = compared([one!, { ...one!, name: 'B' }])
    expect(comparison.headline.first).toStartWith('A and B hold identical data.')
    expect(comparison.verdict!.loads.flatMap(({ figures }) => figures.map(({ winner }) => winner))).toEqual(
      new Array(6).fill(null),
    )
  })

  test('a load that differs is told loudly, and nobody is ranked', () => {
    const { workload } = NEW
    const changed = {
      ...NEW,
      workload: {
        ...workload,
        producerRateHz: 2_000,
        messageBytes: 100,
        partitionsPerTopic: 3,
        name: 'other',
      },
    }
    const comparison = compared(sourcesOf(OLD, changed), { gates: [parseGate('publish.p99>+5%')] })
    expect(comparison.headline.first).toStartWith(
      'NOT RANKED, since the loads differ: a: B against A and b: B against A.',
    )
    expect(comparison.contests[0]!.differences).toEqual([
      'message size: 1,024 bytes in A, 100 bytes in B',
      'partitions of a topic: 16 in A, 3 in B',
      'rate: 1,000 msg/s in A, 2,000 msg/s in B',
    ])
    expect(comparison.verdict).toBeNull()
    expect(comparison.contests[0]!.rows.length).toBeGreaterThan(10)
    expect(comparison.notes.join()).toContain('Workloads are named sample in A, other in B')
    expect(comparison.gates.map(({ outcome }) => outcome)).toEqual(['not judged', 'not judged'])
    expect(comparison.exitCode).toBe(9)
  })

  test('a name alone is no difference; machines and settings that differ are named and do not keep from ranking', () => {
    const other = {
      ...NEW,
      workload: { ...NEW.workload, name: 'renamed' },
      host: { ...NEW.host, cpus: 8 },
      sides: NEW.sides.map((side) => ({
        ...side,
        settings: { ...side.settings, config: { acks: 1, linger: 1 } },
      })),
    }
    const comparison = compared(sourcesOf(OLD, other))
    expect(comparison.verdict).not.toBeNull()
    expect(comparison.notes.join('\n')).toContain(
      'processor: 2 × Example CPU @ 2.00GHz in A, 8 × Example CPU',
    )
    expect(comparison.notes.join('\n')).toContain('were not measured in turns')
    expect(comparison.contests[0]!.settings).toContain('config.acks: all → 1')
  })

  test('guarantees are held against one another contest by contest', () => {
    const weaker = (trials: readonly TrialResult[]) =>
      trials.map((trial) => ({ ...trial, promise: { ...trial.promise, delivery: 'at-most-once' as const } }))
    const changed = experimentOf('exp-2', { a: weaker(trialsOf(1, 7, 2)), b: trialsOf(2.5, 7, 3) })
    const comparison = compared(sourcesOf(OLD, changed))
    const words = 'delivery: at-least-once against at-most-once'
    expect(said(comparison, 0)).toContain(`a@A against a@B: ${words}`)
    expect(said(comparison, 1)).not.toContain(words)
    const refused = compared(sourcesOf(OLD, changed), { strict: true })
    expect(said(refused, 0)).toContain(
      'a@A and a@B are not ranked on publish p99: they do not promise the same',
    )
    expect(said(refused, 1)).toContain('b@A has the lower publish p99')
  })

  test('rates that both were offered are compared; others are not mixed in', () => {
    const at = (trials: readonly TrialResult[], ...rates: readonly number[]) =>
      trials.map((trial, i) => ({ ...trial, rateHz: rates[i % rates.length]! }))
    const first = experimentOf('exp-1', { a: at(trialsOf(1), 5_000, 10_000) })
    const second = experimentOf('exp-2', { a: at(trialsOf(1, 7, 2), 10_000, 20_000) })
    const { contests, notes } = compared(sourcesOf(first, second))
    expect(contests.map(({ title, rateHz }) => [title, rateHz])).toEqual([
      ['a: B against A at 10,000 msg/s', 10_000],
    ])
    expect(contests[0]!.sides.map(({ trials }) => trials.length)).toEqual([3, 4])
    expect(notes.slice(0, 2)).toEqual([
      'a was offered 5,000 msg/s in A alone: not compared.',
      'a was offered 20,000 msg/s in B alone: not compared.',
    ])
  })

  test('a saturated side is not ranked on latency, a violated one on nothing', () => {
    const slow = sampleTrial({ seed: 11, warmupS: 1, measureS: 2, acknowledgedShare: 0.5 })
    const lossy = sampleTrial(
      { seed: 11, warmupS: 1, measureS: 2 },
      { audits: [sampleAudit(3_000, { lost: 3, acknowledgedLost: 3 })] },
    )
    const bad = experimentOf('exp-2', {
      a: [...trialsOf(1, 6, 2), { ...slow, place: 13 }],
      b: [...trialsOf(2, 6, 3), { ...lossy, place: 14 }],
    })
    const comparison = compared(sourcesOf(OLD, bad))
    expect(said(comparison, 0)).toContain('a@B is not ranked on publish p99')
    expect(said(comparison, 0)).toContain('it did not hold the rate in 1 of 7')
    expect(said(comparison, 1)).toContain('its integrity was violated in 1 of 7')
    expect(comparison.headline).toMatchObject({ tone: 'bad' })
    expect(comparison.headline.first).toContain('INTEGRITY VIOLATED: b@B (1 of 7 trials)')
    expect(comparison.exitCode).toBe(8)
    // Of the baseline it is told; it is not the fault of what is compared with it.
    expect(compared(sourcesOf(bad, OLD)).exitCode).toBe(0)
    expect(compared(sourcesOf(bad)).exitCode).toBe(8)
  })
})

describe('who is matched', () => {
  test('no side in common', () => {
    const other = experimentOf('exp-2', { c: trialsOf(1), d: trialsOf(1) })
    expect(() => compared(sourcesOf(OLD, other))).toThrow(
      'expected a side of A in another source, got a and b in A and c and d in B',
    )
    const all = compared(sourcesOf(OLD, other), { by: 'side' })
    expect(all.contests[0]!.sides.map(({ label }) => label)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('by side, labels that occur twice tell their source', () => {
    const all = compared(sourcesOf(OLD, NEW), { by: 'side', sides: ['b'] })
    expect(all.contests[0]!.sides.map(({ label }) => label)).toEqual(['b@A', 'b@B'])
  })

  test('one source by source, and a label that is nowhere', () => {
    expect(() => compared(sourcesOf(OLD), { by: 'source' })).toThrow('expected two sources')
    expect(() => compared(sourcesOf(OLD, NEW), { sides: ['x'] })).toThrow(
      'expected --side to be one of a and b, got "x"',
    )
  })

  test('a side that could not be run', () => {
    const failed = {
      ...NEW,
      sides: [{ ...NEW.sides[0]!, trials: [], error: { message: 'no port', hint: null } }],
    }
    const comparison = compared(sourcesOf(OLD, failed))
    expect(said(comparison)).toContain(
      'a@B is not ranked on publish p99, end-to-end p99 and CPU per message: it was not run.',
    )
    expect(comparison.notes).toContain('a could not be run: no port.')
  })
})

describe('the OpenMessaging Benchmark', () => {
  const runs = (factor: number, changes: Record<string, unknown> = {}) =>
    [1, 1.01, 0.99, 1.02, 0.98, 1.03].map((noise) => ombRun(changes, factor * noise))

  test('one run each is shown and told to be too few', () => {
    const comparison = compared([omb('A', ombRun()), omb('B', ombRun({ driver: 'Queue' }, 2))])
    expect(comparison.by).toBe('side')
    expect(said(comparison)).toContain(
      '1 trial cannot show a difference at 5 % in publish p99 between Log and Queue; 6 of each would be enough.',
    )
    expect(comparison.notes.join()).toContain('integrity unproven')
    expect(said(comparison)).not.toContain('held')
    expect(comparison.verdict!.loads[0]).toMatchObject({ rateHz: Number.NaN, held: [] })
    expect(comparison.contests[0]!.rows.some(({ figure }) => figure.name.startsWith('service.'))).toBe(false)
    expect(compared([omb('A', ombRun())]).headline.first).toBe(
      'Only Log: there is nothing to hold it against.',
    )
  })

  test('what old files do not tell is named', () => {
    const old = omb('A', ombRun({ messageSize: undefined, topics: undefined }))
    const { notes } = compared([old, omb('B', ombRun({ messageSize: undefined }, 2))])
    expect(notes[0]).toBe(
      'That A and B had the same load can only be checked in part; not told: rate, message size and topics.',
    )
  })

  test('several runs are trials: a planted difference is shown', () => {
    const comparison = compared([omb('A', ...runs(1)), omb('B', ...runs(0.8))])
    expect(comparison.by).toBe('source')
    expect(said(comparison)).toContain('Log@B has the lower publish p99')
  })

  test('another message size, workload or published rate is not ranked', () => {
    const differences = (changes: Record<string, unknown>) =>
      compared([omb('A', ombRun()), omb('B', ombRun(changes))]).contests[0]!.differences
    expect(differences({ messageSize: 100 })).toEqual(['message size: 1,024 bytes in A, 100 bytes in B'])
    expect(differences({ workload: 'max rate' })[0]).toContain(
      'workload: 1 topic / 1 partition / 1Kb in A, max rate',
    )
    expect(differences({ publishRate: [80_000, 80_000] })).toEqual([
      'published rate: 50,000 msg/s in A, 80,000 msg/s in B',
    ])
    expect(differences({ publishRate: [50_900, 50_700] })).toEqual([])
    const folder = omb('A', ombRun(), ombRun({ driver: 'Queue', publishRate: [80_000, 80_000] }))
    expect(compared([folder]).contests[0]!.differences).toEqual([
      'published rate: 50,000 msg/s of Log, 80,000 msg/s of Queue',
    ])
    expect(differences({ partitions: undefined })).toEqual([])
  })

  test('against bench only the service time is the same figure', () => {
    const comparison = compared([...sourcesOf(OLD), omb('B', ...runs(1, { driver: 'a', partitions: 16 }))], {
      gates: [parseGate('service.p99>+5%'), parseGate('publish.p99>+5%')],
    })
    const rows = comparison.contests[0]!.rows
    const cells = (name: string) => rows.find(({ figure }) => figure.name === name)!.cells
    expect(cells('service.p99').every((cell) => cell !== null)).toBe(true)
    expect(cells('publish.p99')[0]).not.toBeNull()
    expect(cells('publish.p99')[1]).toBeNull()
    expect(comparison.notes.join()).toContain('not compared')
    expect(comparison.verdict!.loads[0]!.figures).toEqual([])
    expect(comparison.gates.map(({ outcome }) => outcome !== 'not judged')).toEqual([true, false])
    expect(comparison.headline.first).toContain('nothing could be tested between a@A and a@B')
  })
})
