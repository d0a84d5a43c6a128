import type { JudgedContest, SourceComparison } from '../../compare/comparison/index.ts'
import type { GateVerdict } from '../../compare/gates/judge-gates.ts'
import type { FigureVerdict, PairVerdict } from '../../compare/verdict/index.ts'
import type { IntegrityVerdict } from '../../result/result.ts'

interface Case {
  readonly name: string
  readonly result: 'passed' | 'failure' | 'error' | 'skipped'
  readonly message: string
}

/**
 * The comparison for CI servers: a suite a contest; in it a case a limit and side, a case a figure and side, and one a
 * side for its integrity. A limit that is exceeded fails; without limits, so does a significant, relevant worsening
 * where sources are compared. What cannot be judged is an error (a limit) or skipped (a figure). Pure.
 */
export function comparisonJunit(comparison: SourceComparison): string {
  const { contests, gates, by } = comparison
  const suites = contests.map((contest) => {
    const own = gates.filter((gate) => gate.contest === contest.title)
    return { name: contest.title, cases: casesOf(contest, own, by === 'source' && gates.length === 0) }
  })
  const all = suites.flatMap(({ cases }) => cases)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="bench compare" ${countsOf(all)}>`,
    ...suites.flatMap(({ name, cases }) => [
      `  <testsuite name=${attribute(name)} ${countsOf(cases)}>`,
      ...cases.flatMap((each) => caseLines(name, each)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n')
}

function casesOf(contest: JudgedContest, gates: readonly GateVerdict[], failsAlone: boolean): Case[] {
  const compared = contest.sides.length > 1 ? contest.sides.slice(1) : contest.sides
  return [
    ...compared.map(integrityCase),
    ...gates.map(({ gate, side, outcome, sentence }): Case => {
      const result = outcome === 'failed' ? 'failure' : outcome === 'passed' ? 'passed' : 'error'
      return { name: `${gate} of ${side}`, result, message: sentence }
    }),
    ...figureCases(contest, failsAlone),
  ]
}

function integrityCase({ label, trials }: JudgedContest['sides'][number]): Case {
  const name = `integrity of ${label}`
  const count = (verdict: IntegrityVerdict) => trials.filter(({ integrity }) => integrity === verdict).length
  const message = (verdict: IntegrityVerdict) =>
    `integrity ${verdict} in ${count(verdict)} of ${trials.length} trials`
  if (count('violated') > 0) return { name, result: 'failure', message: message('violated') }
  if (count('intact') < trials.length) return { name, result: 'skipped', message: message('unproven') }
  return { name, result: 'passed', message: message('intact') }
}

function figureCases({ sides, differences, verdict }: JudgedContest, failsAlone: boolean): Case[] {
  const baseline = sides[0]?.label
  const compared = sides.slice(1).map(({ label }) => label)
  if (differences.length > 0) {
    const message = `the loads differ: ${differences.join('; ')}`
    return compared.map((label) => ({ name: `figures of ${label}`, result: 'skipped', message }))
  }
  return (verdict?.figures ?? []).flatMap((figure) =>
    compared.map((label): Case => {
      const name = `${figure.title} of ${label}`
      const pair = figure.pairs.find(({ first, second }) => first === baseline && second === label)
      if (pair === undefined) return { name, result: 'skipped', message: notRanked(figure, baseline!, label) }
      return { name, result: resultOf(pair, label, failsAlone), message: pair.sentence }
    }),
  )
}

function resultOf({ outcome, better }: PairVerdict, label: string, failsAlone: boolean): Case['result'] {
  if (outcome === 'too few' || outcome === 'refused') return 'skipped'
  return failsAlone && outcome === 'shown' && better !== label ? 'failure' : 'passed'
}

function notRanked({ notRanked: reasons }: FigureVerdict, ...labels: readonly string[]): string {
  const found = reasons.filter(({ label }) => labels.includes(label))
  return found.map(({ label, reason }) => `${label} is not ranked: ${reason}`).join('; ') || 'not ranked'
}

function countsOf(cases: readonly Case[]): string {
  const count = (result: Case['result']) => cases.filter((each) => each.result === result).length
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

function caseLines(suite: string, { name, result, message }: Case): string[] {
  const start = `    <testcase classname=${attribute(suite)} name=${attribute(name)}`
  if (result === 'passed') {
    return [`${start}>`, `      <system-out>${text(message)}</system-out>`, '    </testcase>']
  }
  if (result === 'skipped') {
    return [`${start}>`, `      <skipped message=${attribute(message)}/>`, '    </testcase>']
  }
  return [
    `${start}>`,
    `      <${result} message=${attribute(message)} type=${attribute(result === 'failure' ? 'regression' : 'not judged')}>${text(message)}</${result}>`,
    '    </testcase>',
  ]
}

function attribute(value: string): string {
  return `"${text(value).replaceAll('"', '&quot;')}"`
}

/** XML 1.0 has no form for most control characters: they become blanks. */
function text(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF]+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}
