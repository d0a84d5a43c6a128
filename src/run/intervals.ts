/**
 * Ends of the intervals of a trial, µs from the epoch: whole seconds counted from the start of measure, so that the
 * phases begin and end with an interval; the last ones lie in the drain.
 */
export function intervalBoundaries(warmupUs: number, measureUs: number, drainLimitUs: number): number[] {
  const endUs = warmupUs + measureUs
  const boundaries: number[] = []
  const firstUs = warmupUs % 1e6
  if (firstUs > 0) boundaries.push(firstUs)
  for (let atUs = firstUs + 1e6; atUs < endUs; atUs += 1e6) boundaries.push(atUs)
  for (let atUs = endUs; atUs <= endUs + drainLimitUs; atUs += 1e6) boundaries.push(atUs)
  return boundaries
}
