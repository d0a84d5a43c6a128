// Does the search find what a system can sustain? On models whose limit is known: hundreds of seeds each, with the
// product's own search, trials, pacer, histograms, audit and verdicts on a simulated clock. Then models on which a
// search may go wrong: it must end within its bounds. `npm run proof:search-sim [-- SEEDS]`; 100 seeds unless given.
import { HARD_CASES, KNOWN_CASES } from '../sim/search-cases.ts'
import { SIM_SEARCH, simulateSearch } from '../sim/sim-search.ts'

const DEFAULT_SEEDS = 100
const ALLOWED = 0.05

const seeds = Number(process.argv[2] ?? DEFAULT_SEEDS)
if (!Number.isInteger(seeds) || seeds < 1) {
  console.error(`expected a number of seeds, got ${process.argv[2]}`)
  process.exit(2)
}
const startedMs = Date.now()
let [searches, steps, failures] = [0, 0, 0]

console.log(`Known limits, 3 % of noise, ${seeds} seeds each: rate found / limit`)
for (const { title, limitHz, make } of KNOWN_CASES) {
  const shares: number[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const { result } = await simulateSearch(make(seed))
    const share = (result.rateHz ?? 0) / limitHz
    shares.push(share)
    count(result.steps.length)
    if (Math.abs(share - 1) > ALLOWED) {
      failures++
      console.log(`  ${title}, seed ${seed}: ${result.sentences.join(' ')}`)
    }
  }
  shares.sort((a, b) => a - b)
  const [lowest, middle, highest] = [shares[0]!, shares[Math.floor(seeds / 2)]!, shares.at(-1)!]
  console.log(`  ${title}: ${percent(lowest)} … ${percent(highest)}, median ${percent(middle)}`)
}

const hardSeeds = Math.max(1, Math.ceil(seeds / 5))
console.log(`Hard cases, ${hardSeeds} seeds each: ends, bounded, with the truth`)
for (const { title, make, search, between, says } of HARD_CASES) {
  const found: number[] = []
  let none = 0
  for (let seed = 1; seed <= hardSeeds; seed++) {
    const { result } = await simulateSearch(make(seed), search)
    count(result.steps.length)
    if (result.rateHz === null) none++
    else found.push(result.rateHz)
    const text = result.sentences.join(' ')
    const isInside =
      result.rateHz === null
        ? between === null || !/can be sustained:/.test(text)
        : isBetween(result.rateHz, between)
    if (result.steps.length <= SIM_SEARCH.maxSteps && isInside && says.test(text)) continue
    failures++
    console.log(`  ${title}, seed ${seed}: ${text}`)
  }
  const rates = found.length === 0 ? '' : `${Math.min(...found)} … ${Math.max(...found)} msg/s; `
  console.log(`  ${title}: ${rates}none found in ${none} of ${hardSeeds}`)
}

const seconds = (Date.now() - startedMs) / 1000
console.log(
  `${searches} searches of ${(steps / searches).toFixed(1)} steps on average, ${steps} trials, in ${seconds.toFixed(0)} s`,
)
console.log(failures === 0 ? 'PROVED' : `NOT PROVED: ${failures} searches`)
process.exitCode = failures === 0 ? 0 : 1

function count(made: number): void {
  searches++
  steps += made
}

function isBetween(rateHz: number, between: readonly [number, number] | null): boolean {
  return between !== null && rateHz >= between[0] && rateHz <= between[1]
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
