import type { SourceComparison } from '../../compare/comparison/index.ts'
import type { CsvTable } from '../metrics.ts'

/** One row a contest, side and figure; latencies and CPU in µs, rates in messages a second. Pure. */
export function comparisonTable({ contests }: SourceComparison): CsvTable {
  return {
    header: [
      'contest',
      'offered_msg_s',
      'side',
      'source',
      'source_title',
      'driver',
      'figure',
      'unit',
      'trials',
      'median',
      'spread_share',
      'at_least',
      'not_ranked',
      'baseline',
      'ratio_to_baseline',
      'adjusted_p',
      'outcome',
    ],
    rows: contests.flatMap(({ title, rateHz, sides, rows }) =>
      rows.flatMap(({ figure, cells, changes }) =>
        sides.flatMap(({ label, source, side }, i) => {
          const cell = cells[i]
          if (cell == null) return []
          const change = i === 0 ? null : (changes[i - 1] ?? null)
          return [
            [
              title,
              rateHz,
              label,
              source.name,
              source.title,
              side.driver,
              figure.name,
              CSV_UNITS[figure.unit],
              cell.n,
              cell.median,
              cell.spread,
              cell.atLeast,
              cell.notRanked,
              i === 0 ? null : sides[0]!.label,
              change?.ratio ?? null,
              change?.test?.adjustedP ?? null,
              change?.test?.outcome ?? null,
            ],
          ]
        }),
      ),
    ),
  }
}

/** Base units, as stored. */
export const CSV_UNITS = { latency: 'us', cpu: 'us', rate: 'msg/s', money: '' } as const
