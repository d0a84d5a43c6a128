// Goal: a report says who is better only where the trials show it, and names what could not be ranked and why. Method:
// sides made by hand, one rule a test; and a seeded slice of `npm run proof:statistics` for the claims as a whole.
import { describe, expect, test } from 'bun:test'
import {
  type FigureName,
  type FigureVerdict,
  type HeadToHead,
  type HeadToHeadInput,
  judgeHeadToHead,
  type SideTrials,
  sideTrialsOf,
  type TrialFigures,
} from '../../src/compare/verdict/index.ts'
import { sampleSide, sampleTrial } from '../result/sample-result.ts'
import { proveWorld } from '../support/simulated-trials.ts'

/** Shares of the centre, one a trial: no ties between sides, noise of a few per cent. */
const NOISE = [0.97, 1.02, 0.99, 1.04, 0.96, 1, 1.03]

function side(
  label: string,
  centreUs: number,
  change: (trial: TrialFigures, i: number) => TrialFigures = (t) => t,
) {
  const trials = NOISE.map((noise, i) =>
    change(
      {
        place: 3 * i + label.charCodeAt(0) - 97,
        measurement: 'valid',
        integrity: 'intact',
        figures: { publishP99: { value: centreUs * noise, atLeast: false } },
      },
      i,
    ),
  )
  return { label, trials }
}

const third = (fault: Partial<TrialFigures>) => (trial: TrialFigures, i: number) =>
  i === 2 ? { ...trial, ...fault } : trial

function judge(sides: readonly SideTrials[], options: Omit<HeadToHeadInput, 'loads'> = {}): HeadToHead {
  return judgeHeadToHead({ loads: [{ rateHz: 10_000, sides }], ...options })
}

function figureOf(report: HeadToHead, figure: FigureName = 'publishP99'): FigureVerdict {
  return report.loads[0]!.figures.find((verdict) => verdict.figure === figure)!
}

describe('a pair', () => {
  test('a clear difference has a winner, a size, an interval and a line', () => {
    const verdict = figureOf(judge([side('a', 12_300), side('b', 9_800)]))
    const [pair] = verdict.pairs
    expect(verdict.winner).toBe('b')
    expect(pair).toMatchObject({ first: 'a', second: 'b', outcome: 'shown', better: 'b', unequal: [] })
    expect(pair!.test!.p).toBeCloseTo(2 / 3432, 12)
    expect(pair!.line).toBe('12.3 ms ± 4 %  →  9.80 ms ± 4 %  −20 % (p=0.0006, n=7+7)')
    expect(verdict.sentences).toEqual([
      expect.stringMatching(
        /^b has the lower publish p99: 9\.80 ms against 12\.3 ms of a, −20 % \(96\.2 % interval −2\d % to −1\d %, p=0\.0006\)\.$/,
      ),
    ])
  })

  test('the order of the sides changes nothing but the direction', () => {
    const forth = figureOf(judge([side('a', 12_300), side('b', 9_800)])).pairs[0]!
    const back = figureOf(judge([side('b', 9_800), side('a', 12_300)])).pairs[0]!
    expect(back.sentence).toBe(forth.sentence)
    expect(back.test!.ratio.ratio).toBeCloseTo(1 / forth.test!.ratio.ratio, 12)
  })

  test('nothing shown says what would have been found', () => {
    const { pairs, winner } = figureOf(judge([side('a', 10_000), side('b', 10_040)]))
    expect(winner).toBeNull()
    expect(pairs[0]!.outcome).toBe('not shown')
    expect(pairs[0]!.line).toContain('  ~ (p=')
    expect(pairs[0]!.sentence).toMatch(
      /^No difference in publish p99 shown between a and b \(p=.*\); at this noise only differences of [\d.]+ % and more/,
    )
  })

  test('trials that are too few are told, with how many would do', () => {
    const few = (trials: SideTrials) => ({ ...trials, trials: trials.trials.slice(0, 3) })
    const { pairs } = figureOf(judge([few(side('a', 10_000)), few(side('b', 20_000))]))
    expect(pairs[0]!.outcome).toBe('too few')
    // So few are no proof of equality either.
    const alike = judge([few(side('a', 10_000)), few(side('b', 10_001))], { noiseFloor: 0.5 })
    expect(figureOf(alike).pairs[0]!.outcome).toBe('too few')
    expect(pairs[0]!.sentence).toBe(
      '3 trials cannot show a difference at 5 % in publish p99 between a and b; 6 of each would be enough.',
    )
  })

  test('a difference that is surely below the margin is not relevant, whatever its p value', () => {
    const still = (label: string, centre: number) => ({
      label,
      trials: side(label, centre).trials.map((trial, i) => ({
        ...trial,
        figures: { publishP99: { value: centre * (1 + i / 5_000), atLeast: false } },
      })),
    })
    const { pairs, winner } = figureOf(judge([still('a', 10_000), still('b', 10_050)]))
    expect(pairs[0]!.test!.adjustedP).toBeLessThan(0.05)
    expect(pairs[0]!.outcome).toBe('irrelevant')
    expect(pairs[0]!.sentence).toStartWith('No relevant difference in publish p99 between a and b: +0.5 %')
    expect(winner).toBeNull()
    const wide = figureOf(judge([still('a', 10_000), still('b', 10_400)])).pairs[0]!
    expect(wide.outcome).toBe('shown')
    const raised = judge([still('a', 10_000), still('b', 10_400)], { noiseFloor: 0.06 })
    expect(figureOf(raised).pairs[0]!.outcome).toBe('irrelevant')
    expect(raised.sentences.join(' ')).toContain('Differences below 6.0 % are not called relevant.')
  })

  test('a difference that is sure and may or may not be relevant makes nobody win', () => {
    const nearMargin = side('b', 10_190)
    const narrow = (from: SideTrials, centre: number): SideTrials => ({
      ...from,
      trials: from.trials.map((trial, i) => ({
        ...trial,
        figures: { publishP99: { value: centre * (1 + NOISE[i]! / 5), atLeast: false } },
      })),
    })
    const { pairs, winner } = figureOf(judge([narrow(side('a', 1), 10_000), narrow(nearMargin, 10_180)]))
    expect(pairs[0]!.test!.adjustedP).toBeLessThan(0.05)
    expect(pairs[0]!.outcome).toBe('not shown')
    expect(pairs[0]!.sentence).toStartWith(
      'No relevant difference in publish p99 shown between a and b: +1.8 %',
    )
    expect(winner).toBeNull()
  })
})

describe('who may be ranked', () => {
  const cases: readonly (readonly [string, Partial<TrialFigures>, string])[] = [
    ['violated', { integrity: 'violated' }, 'its integrity was violated in 1 of 7'],
    ['invalid', { measurement: 'invalid' }, 'its measurement was invalid in 1 of 7'],
    ['saturated', { measurement: 'saturated' }, 'it did not hold the rate in 1 of 7'],
    ['unknown', { figures: {} }, 'its publish p99 is not known in 1 of 7'],
    [
      'a lower bound only',
      { figures: { publishP99: { value: 1, atLeast: true } } },
      'its publish p99 is only known to be at least a value in 1 of 7',
    ],
    [
      'zero',
      { figures: { publishP99: { value: 0, atLeast: false } } },
      'its publish p99 is 0, which has no ratio, in 1 of 7',
    ],
  ]
  for (const [name, fault, reason] of cases) {
    test(`a side with one trial that is ${name} is not ranked and never wins`, () => {
      const report = judge([side('a', 1_000, third(fault)), side('b', 9_000), side('c', 12_000)])
      const verdict = figureOf(report)
      expect(verdict.ranked).toEqual(['b', 'c'])
      expect(verdict.notRanked).toEqual([{ label: 'a', reason }])
      expect(verdict.winner).toBe('b')
      expect(verdict.sentences.at(-1)).toBe(`a is not ranked on publish p99: ${reason}.`)
      expect(report.tests).toBe(1)
    })
  }

  test('a trial that was cut short ranks nobody, and does not keep its side from being ranked', () => {
    const cut = { cutShort: true, figures: { publishP99: { value: 1, atLeast: false } } } as const
    const report = judge([side('a', 9_800, third({ ...cut, measurement: 'invalid' })), side('b', 12_300)])
    expect(figureOf(report).pairs[0]!.test!.n).toEqual([6, 7])
    expect(figureOf(report).winner).toBe('a')
    expect(report.loads[0]!.held[0]).toMatchObject({ outcome: 'held', held: 6, trials: 6, cutShort: 1 })
    expect(report.loads[0]!.held[0]!.sentence).toBe('a held 10,000 msg/s (6 of 6); 1 trial cut short.')
    const always = judge([side('a', 9_800, (trial) => ({ ...trial, ...cut })), side('b', 12_300)])
    expect(figureOf(always).notRanked[0]!.reason).toBe('it was cut short in every trial')
    expect(always.loads[0]!.held[0]).toMatchObject({ outcome: 'unknown', trials: 0, cutShort: 7 })
  })

  test('a violated promise counts however short the trial was', () => {
    const broken = { cutShort: true, integrity: 'violated' } as const
    const report = judge([side('a', 1_000, third(broken)), side('b', 9_000)])
    expect(figureOf(report).notRanked[0]!.reason).toBe('its integrity was violated in 1 of 7')
    expect(report.loads[0]!.held[0]!.sentence).toContain('INTEGRITY VIOLATED in 1 of 7')
  })

  test('a side that was not run is named, and the only one left does not win', () => {
    const report = judge([side('a', 1_000), { label: 'b', trials: [] }])
    const verdict = figureOf(report)
    expect(verdict).toMatchObject({ winner: null, pairs: [], ranked: ['a'] })
    expect(verdict.sentences).toEqual([
      'b is not ranked on publish p99: it was not run.',
      'Only a could be ranked on publish p99, so nobody wins.',
    ])
    expect(report.sentences).toEqual([])
  })

  test('a sustainable rate is ranked though a side was saturated, and more is better', () => {
    const found = (trial: TrialFigures): TrialFigures => ({
      ...trial,
      measurement: 'saturated',
      figures: { sustainableRate: trial.figures.publishP99! },
    })
    const verdict = figureOf(judge([side('a', 50_000, found), side('b', 80_000, found)]), 'sustainableRate')
    expect(verdict.winner).toBe('b')
    expect(verdict.sentences[0]).toStartWith(
      'b has the higher sustainable rate: 80,000 msg/s against 50,000 msg/s of a, +60 % (',
    )
  })

  test('the best of three is said first', () => {
    const verdict = figureOf(judge([side('a', 20_000), side('b', 12_000), side('c', 5_000)]))
    expect(verdict.sentences[0]).toBe('c has the lowest publish p99 of the 3 ranked sides.')
    expect(verdict.pairs.map(({ first, second, better }) => `${first}${second}${better}`)).toEqual([
      'abb',
      'acc',
      'bcc',
    ])
  })
})

describe('guarantees', () => {
  const guarantees = [
    { name: 'acks', values: ['all', '1', 'all'] },
    { name: 'fsync', values: [null, null, 'every message'] },
  ]
  const sides = [side('a', 20_000), side('b', 12_000), side('c', 5_000)]

  test('that differ are named in the sentence', () => {
    const { pairs, winner } = figureOf(judge(sides, { guarantees }))
    expect(pairs.map(({ unequal }) => unequal)).toEqual([
      ['acks: all against 1'],
      ['fsync: not known against every message'],
      ['acks: 1 against all', 'fsync: not known against every message'],
    ])
    expect(pairs[0]!.sentence).toEndWith('; but they do not promise the same (acks: all against 1).')
    expect(winner).toBe('c')
  })

  test('that differ are not ranked when strict, and take no part of the 5 %', () => {
    const report = judge(sides, { guarantees: [{ name: 'acks', values: ['all', '1', 'all'] }], strict: true })
    const { pairs, winner } = figureOf(report)
    expect(pairs.map(({ outcome }) => outcome)).toEqual(['refused', 'shown', 'refused'])
    expect(pairs[0]).toMatchObject({ test: null, line: null, better: null })
    expect(pairs[0]!.sentence).toBe(
      'a and b are not ranked on publish p99: they do not promise the same (acks: all against 1).',
    )
    expect(winner).toBeNull()
    expect(report.tests).toBe(1)
  })
})

describe('the report', () => {
  const twice = (trial: TrialFigures): TrialFigures => ({
    ...trial,
    figures: {
      ...trial.figures,
      cpuPerMessage: { value: trial.figures.publishP99!.value / 1_000, atLeast: false },
    },
  })

  test('all figures, pairs and loads share one adjustment', () => {
    const sides = [side('a', 20_000, twice), side('b', 12_000, twice), side('c', 5_000, twice)]
    const report = judgeHeadToHead({
      loads: [
        { rateHz: 5_000, sides },
        { rateHz: 10_000, sides },
      ],
    })
    expect(report).toMatchObject({ tests: 12, trialsNeeded: 6 })
    const tests = report.loads.flatMap(({ figures }) =>
      figures.flatMap(({ pairs }) => pairs.map((pair) => pair.test!)),
    )
    expect(tests).toHaveLength(12)
    // All have the least p there is, so all carry the whole adjustment.
    for (const { p, adjustedP } of tests) expect(adjustedP).toBeCloseTo(12 * p, 12)
    expect(report.sentences[0]).toStartWith('p values are adjusted for 12 tests (Holm)')
  })

  test('held, did not hold, not known: k of n', () => {
    const report = judge([
      side('a', 1),
      side('b', 1, third({ measurement: 'saturated', integrity: 'unproven' })),
      side('c', 1, third({ measurement: 'invalid', integrity: 'violated' })),
      { label: 'd', trials: [] },
    ])
    expect(report.loads[0]!.held.map(({ outcome }) => outcome)).toEqual([
      'held',
      'did not hold',
      'unknown',
      'unknown',
    ])
    expect(report.loads[0]!.held.map(({ sentence }) => sentence)).toEqual([
      'a held 10,000 msg/s (7 of 7).',
      'b did not hold 10,000 msg/s (6 of 7); integrity unproven in 1 of 7.',
      'It is not known whether c holds 10,000 msg/s (it did in 6 of 7); 1 measurement invalid; ' +
        'INTEGRITY VIOLATED in 1 of 7, so it cannot win.',
      'd was not run at 10,000 msg/s.',
    ])
  })

  test('drift over the run is told', () => {
    const rising = (trial: TrialFigures): TrialFigures => ({
      ...trial,
      figures: {
        publishP99: { value: trial.figures.publishP99!.value * 1.04 ** trial.place, atLeast: false },
      },
    })
    const [drift] = judge([side('a', 10_000, rising), side('b', 10_500, rising)]).loads[0]!.drifts
    expect(drift).toMatchObject({ figure: 'publishP99', shown: true })
    expect(drift!.change).toBeGreaterThan(0.5)
    expect(drift!.sentence).toMatch(/^Drift: publish p99 changed by \+\d+ % over the run \(p=/)
    const [none] = judge([side('a', 10_000), side('b', 10_500)]).loads[0]!.drifts
    expect(none!.shown).toBe(false)
    // Overload figures of the second half are no drift of the machine.
    const overloaded = (trial: TrialFigures, i: number): TrialFigures =>
      i < 2 ? trial : { ...rising(trial), measurement: 'saturated' }
    const [valid] = judge([side('a', 10_000, overloaded), side('b', 10_500, overloaded)]).loads[0]!.drifts
    expect(valid!.shown).toBe(false)
  })

  test('is the same every time, and survives JSON', () => {
    const report = judge([side('a', 12_300, twice), side('b', 9_800, twice)])
    expect(judge([side('a', 12_300, twice), side('b', 9_800, twice)])).toEqual(report)
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })
})

test('a result gives its trials in the order they were started', () => {
  const at = (minute: number) => ({ ...sampleTrial(), startedAt: `2026-01-01T00:0${minute}:00.000Z` })
  const trials = sideTrialsOf([
    sampleSide('a', { trials: [at(3), at(0)] }),
    sampleSide('b', { trials: [at(1), at(2)] }),
    sampleSide('c', { trials: [] }),
  ])
  expect(trials.map(({ label, trials }) => [label, trials.map(({ place }) => place)])).toEqual([
    ['a', [3, 0]],
    ['b', [1, 2]],
    ['c', []],
  ])
})

test('a trial gives its p99s and the CPU that the broker took per acknowledged message', () => {
  const trial = sampleTrial()
  const server = { ...trial.server, usage: { cpuS: 2, maxRssBytes: 1 } }
  const [local] = sideTrialsOf([sampleSide('a', { trials: [{ ...trial, server }] })])[0]!.trials
  const { latencies, counts } = trial.phases.measure
  expect(local).toEqual({
    place: 0,
    measurement: trial.verdict.measurement,
    integrity: trial.verdict.integrity,
    figures: {
      publishP99: { value: latencies.publish.summary.p99.us, atLeast: false },
      endToEndP99: { value: latencies.endToEnd.summary.p99.us, atLeast: false },
      cpuPerMessage: { value: 2e6 / counts.acknowledged, atLeast: false },
    },
  })
  const remote = { ...trial, server: { ...trial.server, usage: null } }
  const [given] = sideTrialsOf([sampleSide('a', { trials: [remote] })])[0]!.trials
  expect(Object.keys(given!.figures)).toEqual(['publishP99', 'endToEndP99'])
})

test('simulated reports: few false claims, planted differences found (slice of the proof)', () => {
  const world = { sides: 3, trialsPerSide: 6, noise: 0.05, drift: 0.1, ratios: {} }
  const seeds = 300
  const limit = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / seeds)
  expect(proveWorld(world, seeds).falseShare).toBeLessThanOrEqual(limit)
  const planted = proveWorld({ ...world, ratios: { publishP99: 1.2 } }, seeds)
  expect(planted.falseShare).toBeLessThanOrEqual(limit)
  expect(planted.foundShare).toBeGreaterThanOrEqual(0.8)
}, 60_000)
