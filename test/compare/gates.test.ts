// Goal: a limit fails only on a change that is significant and beyond it, never on noise, and says loudly when it cannot
// judge. Method: the grammar over its forms and mistakes; trials with planted shifts; seeded simulations of both errors.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import type { Contest, ContestSide } from '../../src/compare/contests/contest.ts'
import { parseGate } from '../../src/compare/gates/grammar.ts'
import { type GateVerdict, judgeGates } from '../../src/compare/gates/judge-gates.ts'
import { benchSource } from '../../src/compare/sources/bench-source.ts'
import { COMPARED_FIGURES, type ComparedTrial } from '../../src/compare/sources/index.ts'
import { normal } from '../../src/compare/statistics/normal.ts'
import { newRandom } from '../../src/engine/random.ts'
import { experimentOf, NOISE, trialsOf } from '../support/compared-results.ts'

// A machine that others use, too.
setDefaultTimeout(60_000)

const SOURCE = benchSource(experimentOf('exp-1', { a: trialsOf(1, 1) }), 'A', [], 'x')

type Values = Readonly<Record<string, number>>

function sideOf(label: string, trials: readonly Values[], changes: Partial<ComparedTrial> = {}): ContestSide {
  return {
    label,
    source: SOURCE,
    side: SOURCE.sides[0]!,
    trials: trials.map((values, place) => ({
      place,
      measurement: 'valid',
      integrity: 'intact',
      figures: {},
      rateHz: 1_000,
      values: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, { value, atLeast: false }]),
      ),
      ...changes,
    })),
  }
}

function contestOf(first: ContestSide, second: ContestSide, differences: readonly string[] = []): Contest {
  return { title: 'x', rateHz: 1_000, sides: [first, second], differences, settings: [] }
}

/** Trials of one figure around a centre; another offset gives other values of the same noise. */
const around = (name: string, centre: number, offset = 0, count: number = NOISE.length) =>
  Array.from({ length: count }, (_, i) => ({
    [name]: centre * NOISE[(i + offset) % NOISE.length]! * (1 + offset * 1e-4),
  }))

function judged(gate: string, first: readonly Values[], second: readonly Values[]): GateVerdict {
  return judgeGates([contestOf(sideOf('old', first), sideOf('new', second))], [parseGate(gate)], false)[0]!
}

/** What is advised on a text that is refused. */
function hintOf(text: string): string | undefined {
  try {
    parseGate(text)
  } catch (error) {
    return (error as { hint?: string }).hint
  }
  return undefined
}

describe('the grammar', () => {
  test('every figure, both operators, every unit', () => {
    expect(parseGate('publish.p99>+5%')).toMatchObject({
      text: 'publish.p99>+5%',
      operator: '>',
      limit: { kind: 'relative', share: 0.05 },
    })
    expect(parseGate(' e2e.p999 > + 2.5 ms ')).toMatchObject({
      text: 'e2e.p999>+2.5ms',
      limit: { kind: 'absolute', change: 2_500 },
    })
    expect(parseGate('rate.publish<-100msg/s').limit).toEqual({ kind: 'absolute', change: -100 })
    expect(parseGate('cpu.broker>+.5us').limit).toEqual({ kind: 'absolute', change: 0.5 })
    expect(parseGate('rate.consume<−1%').limit).toEqual({ kind: 'relative', share: -0.01 })
  })

  test('any figure with any size is read back as written', () => {
    const size = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value.toFixed(3))
    fc.assert(
      fc.property(fc.constantFrom(...COMPARED_FIGURES), size, fc.boolean(), (figure, digits, rises) => {
        const text = `${figure.name}${rises ? '>+' : '<-'}${digits}%`
        const gate = parseGate(text)
        expect(gate).toMatchObject({ text, figure, operator: rises ? '>' : '<' })
        expect(gate.limit).toEqual({ kind: 'relative', share: (rises ? 1 : -1) * (Number(digits) / 100) })
      }),
      { seed: 6 },
    )
  })

  test.each([
    ['', 1, 'expected a figure'],
    ['publish.p98>+5%', 1, 'expected a figure (publish.p50|p95|p99|p999|max, '],
    ['latency>+5%', 1, 'expected a figure'],
    ['publish.p99', 12, 'expected > or <, got the end'],
    ['publish.p99=+5%', 12, 'expected > or <'],
    ['publish.p99>5%', 13, 'expected + after >'],
    ['publish.p99>-5%', 13, 'expected + after >'],
    ['rate.publish<+5%', 14, 'expected - after <'],
    ['publish.p99>+%', 14, 'expected a number'],
    ['publish.p99>+5', 15, 'expected a unit of publish.p99: %, ms, us, µs, got the end'],
    ['publish.p99>+5msg/s', 15, 'expected a unit of publish.p99'],
    ['rate.publish<-5ms', 16, 'expected a unit of rate.publish: %, msg/s'],
    ['cost>+5ms', 8, 'expected a unit of cost: %'],
    ['publish.p99>+5% or so', 17, 'expected the end, got "or so"'],
    ['publish.p99>+1e3%', 15, 'expected a unit'],
  ])('%p is refused at its place', (text, place, says) => {
    expect(() => parseGate(text)).toThrow(`character ${place}: ${says}`)
  })

  test('what a shell took away is guessed', () => {
    expect(hintOf('publish.p99')).toContain('quote it')
  })

  test('a name that is nearly right is offered', () => {
    expect(hintOf('publsh.p99>+5%')).toContain('did you mean publish.p99')
  })
})

describe('a limit', () => {
  const old = around('publish.p99', 10_000)

  test('fails on a change that is significant and beyond it, with its line', () => {
    const verdict = judged('publish.p99>+5%', old, around('publish.p99', 12_000, 2))
    expect(verdict).toMatchObject({ outcome: 'failed', baseline: 'old', side: 'new', figure: 'publish.p99' })
    expect(verdict.sentence).toMatch(
      /^publish\.p99>\+5%, new against old: 10\.0 ms ± 4 % {2}→ {2}12\.0 ms ± 4 % {2}\+20 % \(p=0\.0006, n=7\+7\), beyond the limit \(96\.2 % interval /,
    )
  })

  test('passes where the change is significant and within it, or the other way', () => {
    const within = judged('publish.p99>+30%', old, around('publish.p99', 12_000, 2))
    expect(within).toMatchObject({ outcome: 'passed' })
    expect(within.sentence).toContain('within the limit')
    expect(judged('publish.p99>+5%', old, around('publish.p99', 7_000, 2)).outcome).toBe('passed')
    expect(judged('publish.p99<-5%', old, around('publish.p99', 7_000, 2)).outcome).toBe('failed')
  })

  test('passes where nothing is shown, and tells what it would have missed', () => {
    const verdict = judged('publish.p99>+1%', old, around('publish.p99', 10_150, 2))
    expect(verdict.outcome).toBe('passed')
    expect(verdict.sentence).toMatch(
      /~ \(p=.*no change shown; at this noise changes below [\d.]+ % are easily missed\.$/,
    )
    expect(judged('publish.p99>+50%', old, around('publish.p99', 10_150, 2)).sentence).toEndWith(
      'no change shown.',
    )
  })

  test('in units of the figure', () => {
    const slower = around('publish.p99', 12_000, 2)
    expect(judged('publish.p99>+1ms', old, slower).outcome).toBe('failed')
    expect(judged('publish.p99>+1900us', old, slower).outcome).toBe('failed')
    expect(judged('publish.p99>+3ms', old, slower).outcome).toBe('passed')
    const fewer = [around('rate.publish', 1_000), around('rate.publish', 800, 2)] as const
    expect(judged('rate.publish<-100msg/s', ...fewer).outcome).toBe('failed')
    expect(judged('rate.publish<-300msg/s', ...fewer).outcome).toBe('passed')
  })

  test('cannot be judged with too few trials, and says how many would do', () => {
    for (const count of [1, 3]) {
      const verdict = judged(
        'publish.p99>+5%',
        around('publish.p99', 1, 0, count),
        around('publish.p99', 9, 1, count),
      )
      expect(verdict.outcome).toBe('not judged')
      expect(verdict.sentence).toContain(
        `${count === 1 ? '1 trial' : '3 trials'} cannot show a difference at 5 %`,
      )
      expect(verdict.sentence).toContain('6 of each would be enough')
    }
  })

  const unusable: readonly (readonly [string, Partial<ComparedTrial>, string])[] = [
    ['invalid', { measurement: 'invalid' }, 'its measurement was invalid in 7 of 7'],
    ['saturated', { measurement: 'saturated' }, 'it did not hold the rate in 7 of 7'],
    ['violated', { integrity: 'violated' }, 'its integrity was violated in 7 of 7'],
    ['unknown', { values: {} }, 'its publish p99 is not known in 7 of 7'],
    [
      'a lower bound',
      { values: { 'publish.p99': { value: 1, atLeast: true } } },
      'its publish p99 is only known to be at least a value in 7 of 7',
    ],
  ]
  for (const [name, changes, reason] of unusable) {
    test(`cannot be judged where a side is ${name}`, () => {
      const contest = contestOf(sideOf('old', old), sideOf('new', old, changes))
      const [verdict] = judgeGates([contest], [parseGate('publish.p99>+5%')], false)
      expect(verdict).toMatchObject({ outcome: 'not judged', test: null })
      expect(verdict!.sentence).toContain(`new is not ranked: ${reason}`)
    })
  }

  test('a rate can be judged of a side that did not hold it', () => {
    const sides = [
      sideOf('old', around('rate.publish', 1_000)),
      sideOf('new', around('rate.publish', 500, 2), { measurement: 'saturated' }),
    ] as const
    expect(judgeGates([contestOf(...sides)], [parseGate('rate.publish<-5%')], false)[0]!.outcome).toBe(
      'failed',
    )
  })

  test('cannot be judged where the loads differ', () => {
    const contest = contestOf(sideOf('old', old), sideOf('new', old), ['rate: 1 in A, 2 in B'])
    const [verdict] = judgeGates([contest], [parseGate('publish.p99>+5%')], false)
    expect(verdict!.sentence).toContain('the loads differ (rate: 1 in A, 2 in B)')
  })

  test('two limits on one figure are one test; two figures are two', () => {
    const both = old.map((values, i) => ({ ...values, 'e2e.p99': 20_000 * NOISE[(i + 3) % 7]! }))
    const contest = contestOf(sideOf('old', both), sideOf('new', both))
    const gates = ['publish.p99>+5%', 'publish.p99<-5%', 'e2e.p99>+5%'].map(parseGate)
    expect(judgeGates([contest], gates, false).map(({ test }) => test!.tests)).toEqual([2, 2, 2])
  })
})

describe('over many seeds', () => {
  const gates = ['publish.p99>+0%', 'publish.p99<-0%', 'e2e.p99>+0%', 'cpu.client>+0%'].map(parseGate)
  const SEEDS = 400

  /** Share of seeds in which any limit fails, with trials whose noise is 5 %. */
  function failures(shift: number, used = gates): number {
    let failed = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = newRandom(seed)
      const trials = (factor: number) =>
        Array.from({ length: 7 }, () =>
          Object.fromEntries(
            ['publish.p99', 'e2e.p99', 'cpu.client'].map((name) => [
              name,
              factor * Math.exp(0.05 * normal(random)),
            ]),
          ),
        )
      const contest = contestOf(sideOf('old', trials(1)), sideOf('new', trials(shift)))
      if (judgeGates([contest], used, false).some(({ outcome }) => outcome === 'failed')) failed++
    }
    return failed / SEEDS
  }

  test('noise alone fails any of the limits in at most 5 % of the cases', () => {
    // Binomial: 5 % of 400 with three standard deviations.
    expect(failures(1)).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / SEEDS))
  })

  test('a planted 20 % is found beyond a limit of 5 % in at least 80 %', () => {
    expect(failures(1.2, [parseGate('publish.p99>+5%')])).toBeGreaterThanOrEqual(0.8)
  })
})
