import { msFigure, msText } from '../result/figures.ts'
import { FLOOR_FACTOR, type FloorLatency, floorUs, type NoiseFloor } from '../result/floor.ts'
import type { FloorsUs } from './verdict/index.ts'

/** Behind a latency that is so small that an unknown part of it is bench's own. */
export const FLOOR_MARK = '†'

/** What the mark means, and how large the floor is. Empty without a floor. */
export function floorNotes(floor: NoiseFloor | undefined, isMarked: boolean): string[] {
  if (floor === undefined) return []
  const stale = floor.stale === null ? '' : ` It may not hold: ${floor.stale}.`
  const size = `The noise floor of this machine, what bench shows of a server that costs nothing: ${floorText(floor)}.`
  const mark = isMarked
    ? [`${FLOOR_MARK}: below ${FLOOR_FACTOR} × the noise floor; how much of it is bench’s own is not known.`]
    : []
  return [...mark, size + stale]
}

/** `publish p50 0.600 / p99 1.80 / p99.9 2.40 ms, …`. */
export function floorText({ latencies }: NoiseFloor): string {
  const of = (title: string, { p50, p99, p999 }: NoiseFloor['latencies']['publish']) =>
    `${title} p50 ${msFigure(p50)} / p99 ${msFigure(p99)} / p99.9 ${msText(p999)}`
  return `${of('publish', latencies.publish)}, ${of('end-to-end', latencies.endToEnd)}`
}

/** Whether two values differ by less than the floor; `floorUs` null = there is none. */
export function isWithinFloor(oneUs: number, otherUs: number, floorUs: number | null | undefined): boolean {
  return floorUs !== null && floorUs !== undefined && Math.abs(oneUs - otherUs) < floorUs
}

/** Floors of the figures that have a verdict: the largest of those that are known. */
export function verdictFloors(floors: readonly (NoiseFloor | undefined)[]): FloorsUs {
  const largest = (name: FloorLatency) =>
    Math.max(0, ...floors.map((floor) => floorUs(floor, name, 'p99') ?? 0))
  return { publishP99: largest('publish'), endToEndP99: largest('endToEnd') }
}
