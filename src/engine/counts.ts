import type { ProducerCounts } from './types.ts'

/** The sum of some counts. */
export function addCounts(list: readonly ProducerCounts[]): ProducerCounts {
  const total = { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }
  for (const counts of list) {
    total.scheduled += counts.scheduled
    total.sent += counts.sent
    total.acknowledged += counts.acknowledged
    total.rejected += counts.rejected
    total.unknown += counts.unknown
  }
  return total
}
