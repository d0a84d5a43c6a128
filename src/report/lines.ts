/** The values of a line, null where there is none. */
export type Line = readonly (number | null)[]

/** Microseconds as milliseconds for a chart: finer than a pixel, and short. At least 1 µs, for logarithmic axes. */
export function milliseconds(us: number): number {
  return rounded(Math.max(1, us) / 1000)
}

/** Four digits that mean something, whole numbers whole. */
export function rounded(value: number): number {
  return Math.abs(value) >= 10_000 ? Math.round(value) : Number(value.toPrecision(4))
}
