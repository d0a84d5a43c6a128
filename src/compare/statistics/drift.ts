import { convolve, twoSidedP, uDistribution } from './distribution.ts'
import { median } from './spread.ts'

/** One trial's figure and its place in the run. */
export interface Placed {
  /** 0 for the first trial of the run, whatever its side; no two trials share one. */
  readonly place: number
  /** Above 0. */
  readonly value: number
}

export interface DriftTest {
  /** Two-sided, exact; conditional on the ties seen. 1 where no side has two trials. */
  readonly p: number
  /** Change over the whole run as a share (0.1 is "rose by 10 %"); Theil–Sen on logarithms within sides. */
  readonly change: number
}

/**
 * Does a figure rise or fall with time? Mann–Kendall within each side, summed over sides (Hirsch and Slack's seasonal
 * form, exact), so that a difference between sides is no drift. Sides in random order stay comparable under drift: it
 * widens what must be shown and does not favour a side.
 */
export function driftTest(sides: readonly (readonly Placed[])[]): DriftTest {
  let falls = 0
  let distribution: Float64Array = Float64Array.of(1)
  const slopes: number[] = []
  for (const side of sides) {
    const trials = [...side].sort((a, b) => a.place - b.place)
    trials.forEach((later, j) => {
      for (const earlier of trials.slice(0, j)) {
        if (later.value < earlier.value) falls++
        slopes.push(Math.log(later.value / earlier.value) / (later.place - earlier.place))
      }
    })
    distribution = convolve(distribution, inversions(trials.map(({ value }) => value)))
  }
  if (slopes.length === 0) return { p: 1, change: 0 }
  const places = sides.flat().map(({ place }) => place)
  const span = Math.max(...places) - Math.min(...places)
  return { p: twoSidedP(distribution, falls), change: Math.expm1(median(slopes) * span) }
}

/**
 * How many pairs of a random arrangement of these values fall: values are put in group by group of equals, and the
 * inversions each group adds are spread as a Mann–Whitney U.
 */
function inversions(values: readonly number[]): Float64Array {
  const groups = new Map<number, number>()
  for (const value of values) groups.set(value, (groups.get(value) ?? 0) + 1)
  let placed = 0
  let distribution: Float64Array = Float64Array.of(1)
  for (const size of groups.values()) {
    distribution = convolve(distribution, uDistribution(size, placed))
    placed += size
  }
  return distribution
}
