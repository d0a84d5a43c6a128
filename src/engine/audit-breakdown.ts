import type { AuditTally } from './audit-stream.ts'
import { MAX_BREAKDOWN_ROWS } from './limits.ts'
import type { AuditBreakdown, AuditBreakdownRow } from './types.ts'

type Row = { -readonly [K in keyof AuditBreakdownRow]: AuditBreakdownRow[K] }
type Place = Pick<AuditBreakdownRow, 'topic' | 'subscription' | 'producer'>

/** Gathers which producers and streams something is wrong with: the worst of each, however many there are. */
export interface BreakdownBook {
  add(place: Place, stream: number, tally: AuditTally): void
  result(): AuditBreakdown
}

export function createBreakdownBook(): BreakdownBook {
  const producers = new Map<string, Row>()
  let streams: Row[] = []
  return {
    add(place, stream, { lost, acknowledgedLost, duplicated, outOfOrder }) {
      if (lost === 0 && duplicated === 0 && outOfOrder === 0) return
      const found = { acknowledgedLost, lost, duplicated, outOfOrder }
      streams.push({ ...place, stream, ...found })
      if (streams.length > 2 * MAX_BREAKDOWN_ROWS) streams = worst(streams)
      const key = JSON.stringify([place.topic, place.subscription, place.producer])
      const row = producers.get(key)
      if (row === undefined) {
        producers.set(key, { ...place, stream: null, ...found })
        return
      }
      row.acknowledgedLost += acknowledgedLost
      row.lost += lost
      row.duplicated += duplicated
      row.outOfOrder += outOfOrder
    },
    result: () => ({ producers: worst([...producers.values()]), streams: worst(streams) }),
  }
}

/** Lost ones weigh more than any duplicates, and these more than any disorder. */
function worst(rows: readonly Row[]): Row[] {
  const sorted = rows.toSorted(
    (a, b) =>
      b.acknowledgedLost - a.acknowledgedLost ||
      b.lost - a.lost ||
      b.duplicated - a.duplicated ||
      b.outOfOrder - a.outOfOrder,
  )
  return sorted.slice(0, MAX_BREAKDOWN_ROWS)
}
