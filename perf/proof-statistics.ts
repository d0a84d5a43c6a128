/**
 * Question: are the verdicts right as often as they say, and do they find what is there?
 *
 * Reports on simulated trials whose truth is known: 3 sides, 3 figures (9 tests), the default number of trials, 5 %
 * noise from trial to trial, drift over the run. Claims that are false may stand in at most 5 % of the reports
 * (binomial tolerance), in worlds without any difference, with a planted one, and with differences next to the relevance
 * margin; a planted 20 % must be found in at least 80 %.
 */
import { parseArgs } from 'node:util'
import { testCount, trialsNeeded } from '../src/compare/statistics/index.ts'
import { proveWorld, SIMULATED_FIGURES, type SimulatedWorld } from '../test/support/simulated-trials.ts'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '10000' } } })
const seeds = Number(values.seeds)
const ALLOWED_FALSE = 0.05
const WANTED_FOUND = 0.8

const sides = 3
const base = {
  sides,
  trialsPerSide: trialsNeeded(testCount(sides, SIMULATED_FIGURES.length)),
  noise: 0.05,
  drift: 0.1,
  ratios: {},
}
const worlds: readonly (readonly [string, SimulatedWorld])[] = [
  ['no difference', base],
  ['no difference, no drift', { ...base, drift: 0 }],
  ['20 % more publish latency', { ...base, ratios: { publishP99: 1.2 } }],
  ['20 % less end-to-end latency', { ...base, ratios: { endToEndP99: 0.8 } }],
  ['2.5 % of difference, 1 % of noise', { ...base, noise: 0.01, drift: 0.01, ratios: { publishP99: 1.025 } }],
]

// Three standard deviations of a share of 5 % over so many seeds.
const limit = ALLOWED_FALSE + 3 * Math.sqrt((ALLOWED_FALSE * (1 - ALLOWED_FALSE)) / seeds)
let holds = true
console.log(`${seeds} seeds a world, ${base.trialsPerSide} trials a side, ${sides} sides`)
for (const [name, world] of worlds) {
  const { falseShare, foundShare } = proveWorld(world, seeds)
  const is20 = Object.values(world.ratios).some((ratio) => Math.abs(ratio - 1) > 0.19)
  const good = falseShare <= limit && (!is20 || foundShare >= WANTED_FOUND)
  holds &&= good
  const found = Number.isNaN(foundShare)
    ? ''
    : `, planted difference found in ${(100 * foundShare).toFixed(1)} %`
  console.log(
    `${name}: reports with a false claim ${(100 * falseShare).toFixed(2)} % ` +
      `(at most ${(100 * limit).toFixed(2)} %)${found}: ${good ? 'holds' : 'does NOT hold'}`,
  )
}
process.exitCode = holds ? 0 : 1
