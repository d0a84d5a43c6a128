import type { Clock } from '../clock/clock.ts'

const READINGS = 200_000

/** What one look at the clock costs, and the smallest step that two looks showed, both in ns. */
export function measureClock(clock: Clock): { readonly costNs: number; readonly resolutionNs: number } {
  let smallestUs = Number.POSITIVE_INFINITY
  const startUs = clock.nowUs()
  let beforeUs = startUs
  for (let i = 0; i < READINGS; i++) {
    const nowUs = clock.nowUs()
    const stepUs = nowUs - beforeUs
    if (stepUs > 0 && stepUs < smallestUs) smallestUs = stepUs
    beforeUs = nowUs
  }
  return {
    costNs: Math.round(((beforeUs - startUs) * 1000) / READINGS),
    resolutionNs: Math.round(smallestUs * 1000),
  }
}
