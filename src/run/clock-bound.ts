import type { Clock } from '../clock/clock.ts'
import type { Crew } from './crew.ts'

const STAMPS_PER_WORKER = 20

/**
 * Bound on the distance between the supervisor's clock and the workers', µs: each worker's stamp must lie between our
 * sending and our receiving; half of the shortest round trip plus the distance of its middle from the stamp is an upper
 * bound for that worker. The largest over the workers is returned.
 */
export async function boundClocks(crew: Crew, clock: Clock, signal: AbortSignal): Promise<number> {
  let boundUs = 0
  for (const member of crew.members) {
    let shortestUs = Number.POSITIVE_INFINITY
    let memberBoundUs = Number.POSITIVE_INFINITY
    for (let i = 0; i < STAMPS_PER_WORKER; i++) {
      const sentUs = clock.nowUs()
      const { nowUs } = await member.handle.ask('clock', null, signal)
      const receivedUs = clock.nowUs()
      if (receivedUs - sentUs >= shortestUs) continue
      shortestUs = receivedUs - sentUs
      memberBoundUs = shortestUs / 2 + Math.abs((sentUs + receivedUs) / 2 - nowUs)
    }
    boundUs = Math.max(boundUs, memberBoundUs)
  }
  return Math.ceil(boundUs)
}
