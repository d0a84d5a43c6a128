// Goal: the exit code of an experiment is that of its gravest finding. Method: synthetic results, one finding each, then
// several together.
import { expect, test } from 'bun:test'
import { exitCodeOf } from '../../src/result/exit-code.ts'
import type { SideResult, Verdict } from '../../src/result/result.ts'
import { sampleSide, sampleTrial } from './sample-result.ts'

const trial = sampleTrial({ measureS: 2, warmupS: 1 })

function side(verdict: Partial<Verdict>): SideResult {
  return sampleSide('kafka', { trials: [{ ...trial, verdict: { ...trial.verdict, ...verdict } }] })
}

const fine = side({})
const unreachable = sampleSide('rabbitmq', { trials: [], error: { message: 'no answer', hint: null } })
const interrupted = sampleSide('rabbitmq', { trials: [] })

const CASES: readonly [string, readonly SideResult[], string | null, number][] = [
  ['all fine', [fine, fine], null, 0],
  ['saturated is a finding', [side({ measurement: 'saturated' }), fine], null, 0],
  ['invalid', [side({ measurement: 'invalid' }), fine], null, 6],
  ['violated', [side({ integrity: 'violated' }), fine], null, 8],
  ['unproven', [side({ integrity: 'unproven' }), fine], null, 9],
  ['partial', [fine], 'Ctrl-C', 9],
  ['one side could not be prepared', [fine, unreachable], null, 9],
  ['no side could be prepared', [unreachable, unreachable], 'no broker', 4],
  ['interrupted before any trial', [interrupted], 'Ctrl-C', 9],
  ['violated is graver than invalid', [side({ integrity: 'violated', measurement: 'invalid' })], null, 8],
  ['invalid is graver than partial', [side({ measurement: 'invalid' }), unreachable], 'no broker', 6],
]

for (const [name, sides, partial, expected] of CASES) {
  test(`${name}: ${expected}`, () => {
    expect(exitCodeOf({ sides, partial })).toBe(expected as never)
  })
}
