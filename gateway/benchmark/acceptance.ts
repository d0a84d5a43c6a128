import { type Scrape, total } from './scrape.ts'
import { serverLatency } from './server-latency.ts'

/** What a load did, whoever made it. */
export interface LoadSummary {
  /** Requests that the rate asked for. */
  readonly scheduled: number
  readonly accepted: number
  /** By kind, e.g. `HTTP 429`. */
  readonly failures: Readonly<Record<string, number>>
  /** As the sender saw it; null when nothing was accepted. */
  readonly clientP50Ms: number | null
  readonly clientP99Ms: number | null
}

export interface Check {
  readonly name: 'rate held' | 'no room (507)' | 'server-side p99' | 'buffers returned'
  readonly wanted: string
  readonly got: string
  readonly holds: boolean
}

export const ACCEPTANCE = {
  p99Ms: 5,
  /** Of the scheduled requests, below which no latency is claimed. */
  heldShare: 0.99,
} as const

/** The acceptance of a gateway at a stated rate: a pure function of the metrics around the load and what was sent. */
export function acceptance(before: Scrape, after: Scrape, load: LoadSummary): Check[] {
  const gained = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    total(after, name, labels) - total(before, name, labels)
  const share = load.scheduled === 0 ? 0 : load.accepted / load.scheduled
  const holdsRate = share >= ACCEPTANCE.heldShare
  const latency = serverLatency(before, after)
  const noRoom = gained('gateway_dropped_total', { reason_code: '507' })
  const allocated = total(after, 'gateway_buffers_allocated_total')
  const released = total(after, 'gateway_buffers_released_total')
  return [
    {
      name: 'rate held',
      wanted: `at least ${ACCEPTANCE.heldShare * 100} % of ${load.scheduled} requests accepted`,
      got: `${(share * 100).toFixed(2)} %`,
      holds: holdsRate,
    },
    { name: 'no room (507)', wanted: '0 requests dropped', got: `${noRoom}`, holds: noRoom === 0 },
    {
      name: 'server-side p99',
      wanted: `below ${ACCEPTANCE.p99Ms} ms at the rate`,
      got: latency.count === 0 ? 'no request' : `${latency.p99Ms.toFixed(2)} ms of ${latency.count} requests`,
      holds: holdsRate && latency.count > 0 && latency.p99Ms < ACCEPTANCE.p99Ms,
    },
    {
      name: 'buffers returned',
      wanted: 'as many as were taken',
      got: `${allocated} taken, ${released} returned`,
      holds: allocated === released,
    },
  ]
}
