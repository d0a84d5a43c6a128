import { normal } from '../../src/compare/statistics/normal.ts'
import {
  type FigureName,
  type HeadToHead,
  judgeHeadToHead,
  type SideTrials,
} from '../../src/compare/verdict/index.ts'
import { newRandom, type Random } from '../../src/engine/random.ts'

/** A world whose truth is known. */
export interface SimulatedWorld {
  readonly sides: number
  readonly trialsPerSide: number
  /** Standard deviation of the logarithm of a figure from trial to trial. */
  readonly noise: number
  /** Largest change of every figure over the whole run, as a share; each run draws its own, up or down. */
  readonly drift: number
  /** True figure of the last side over that of all others. */
  readonly ratios: Readonly<Partial<Record<FigureName, number>>>
}

const CENTRES: Readonly<Partial<Record<FigureName, number>>> = {
  publishP99: 4_000,
  endToEndP99: 9_000,
  cpuPerMessage: 12,
}
export const SIMULATED_FIGURES = Object.keys(CENTRES) as readonly FigureName[]

/** Part of a trial's noise that all of its figures share: a slow trial is slow in every way. */
const SHARED_NOISE = 0.5

/** Trials of every side in rounds, each round in a random order, as a run interleaves them. */
export function simulateTrials(world: SimulatedWorld, seed: number): SideTrials[] {
  const random = newRandom(seed)
  const drift = Math.log1p(world.drift) * (2 * (random.below(1_001) / 1_000) - 1)
  const total = world.sides * world.trialsPerSide
  const trials = Array.from({ length: world.sides }, (): SideTrials['trials'][number][] => [])
  for (let place = 0; place < total; ) {
    for (const side of shuffled(world.sides, random)) {
      const shared = normal(random)
      const value = (figure: FigureName) => {
        const ratio = side === world.sides - 1 ? (world.ratios[figure] ?? 1) : 1
        const noise = Math.sqrt(SHARED_NOISE) * shared + Math.sqrt(1 - SHARED_NOISE) * normal(random)
        const exponent = world.noise * noise + drift * (place / (total - 1))
        return { value: CENTRES[figure]! * ratio * Math.exp(exponent), atLeast: false }
      }
      const figures = Object.fromEntries(SIMULATED_FIGURES.map((figure) => [figure, value(figure)]))
      trials[side]!.push({ place: place++, measurement: 'valid', integrity: 'intact', figures })
    }
  }
  return trials.map((own, side) => ({ label: `side-${side}`, trials: own }))
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** How the claims of a report stand against the truth. */
interface Score {
  /** A difference claimed that is not there or is the other way round, or equality claimed where there is none. */
  readonly anyFalse: boolean
  /** Pairs that differ in truth. */
  readonly planted: number
  /** Those of them shown, the right way round. */
  readonly found: number
}

function score(report: HeadToHead, world: SimulatedWorld): Score {
  let [anyFalse, planted, found] = [false, 0, 0]
  const last = `side-${world.sides - 1}`
  for (const { figure, pairs } of report.loads.flatMap(({ figures }) => figures)) {
    for (const { first, second, outcome, better } of pairs) {
      // All figures of these worlds are better when lower, and only the last side differs, as the second of its pairs.
      const ratio = second === last ? (world.ratios[figure] ?? 1) : 1
      const truth = ratio === 1 ? null : ratio < 1 ? second : first
      if (truth !== null) planted++
      if (outcome === 'shown') {
        if (better === truth) found++
        else anyFalse = true
      }
      if (outcome === 'irrelevant') {
        anyFalse ||= Math.abs(Math.log(ratio)) > Math.log1p(report.relevanceMargin)
      }
    }
  }
  return { anyFalse, planted, found }
}

/** Judges one report a seed. `foundShare` is that of the pairs that differ; not a number where none does. */
export function proveWorld(world: SimulatedWorld, seeds: number): { falseShare: number; foundShare: number } {
  let [falseReports, planted, found] = [0, 0, 0]
  for (let seed = 0; seed < seeds; seed++) {
    const sides = simulateTrials(world, seed)
    const scored = score(judgeHeadToHead({ loads: [{ rateHz: 10_000, sides }] }), world)
    if (scored.anyFalse) falseReports++
    planted += scored.planted
    found += scored.found
  }
  return { falseShare: falseReports / seeds, foundShare: found / planted }
}
