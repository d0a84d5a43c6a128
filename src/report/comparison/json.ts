import type { SourceComparison } from '../../compare/comparison/index.ts'
import type { GateVerdict } from '../../compare/gates/judge-gates.ts'
import type { HeadToHead } from '../../compare/verdict/index.ts'
import { CSV_UNITS } from './csv.ts'

/** Raised when a field changes its meaning or goes. */
export const COMPARISON_SCHEMA_VERSION = 1

/** `bench compare --json`. Latencies and CPU in µs, rates in messages a second. */
export interface ComparisonJson {
  readonly kind: 'comparison'
  readonly schemaVersion: typeof COMPARISON_SCHEMA_VERSION
  readonly by: 'side' | 'source'
  readonly first: string
  readonly exitCode: number
  readonly sources: readonly SourceJson[]
  readonly contests: readonly ContestJson[]
  /** All tests of the comparison; null where nothing was tested. */
  readonly headToHead: HeadToHead | null
  readonly gates: readonly GateVerdict[]
  readonly notes: readonly string[]
}

interface SourceJson {
  readonly name: string
  readonly title: string
  readonly kind: 'bench' | 'omb'
  readonly workload: string
  readonly startedAt: string | null
  readonly partial: string | null
  /** SHA-256 of the bytes read. */
  readonly digest: string
  readonly load: Readonly<Record<string, string | null>>
  readonly environment: Readonly<Record<string, string>>
  readonly sides: readonly string[]
}

interface ContestJson {
  readonly title: string
  readonly rateHz: number | null
  /** The first is the baseline. */
  readonly sides: readonly {
    readonly label: string
    readonly source: string
    readonly side: string
    readonly driver: string
    readonly trials: number
  }[]
  /** Why nobody is ranked; empty when the loads are the same. */
  readonly differences: readonly string[]
  readonly settings: readonly string[]
  /** Its place in `headToHead.loads`; null when it was not tested. */
  readonly load: number | null
  readonly figures: readonly {
    readonly name: string
    readonly unit: string
    readonly better: 'lower' | 'higher'
    /** One a side; null where it is not known. */
    readonly values: readonly ({
      readonly median: number
      readonly n: number
      readonly spread: number | null
      readonly atLeast: boolean
      readonly notRanked: string | null
    } | null)[]
    /** One a side but the baseline; a ratio to it. */
    readonly changes: readonly ({
      readonly ratio: number
      readonly adjustedP: number | null
      readonly outcome: string | null
    } | null)[]
  }[]
}

/** Everything that the other views say, as data. Pure. */
export function comparisonJson(comparison: SourceComparison): ComparisonJson {
  const { by, headline, exitCode, sources, contests, verdict, gates, notes } = comparison
  return {
    kind: 'comparison',
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    by,
    first: headline.first,
    exitCode,
    sources: sources.map(
      ({ name, title, kind, workload, startedAt, partial, digest, facts, environment, sides }) => ({
        name,
        title,
        kind,
        workload,
        startedAt,
        partial,
        digest,
        load: facts,
        environment,
        sides: sides.map(({ label }) => label),
      }),
    ),
    contests: contests.map(({ title, rateHz, sides, differences, settings, loadIndex, rows }) => ({
      title,
      rateHz,
      sides: sides.map(({ label, source, side, trials }) => ({
        label,
        source: source.name,
        side: side.label,
        driver: side.driver,
        trials: trials.length,
      })),
      differences,
      settings,
      load: loadIndex,
      figures: rows.map(({ figure, cells, changes }) => ({
        name: figure.name,
        unit: CSV_UNITS[figure.unit],
        better: figure.better,
        values: cells,
        changes: changes.map((change) =>
          change === null
            ? null
            : {
                ratio: change.ratio,
                adjustedP: change.test?.adjustedP ?? null,
                outcome: change.test?.outcome ?? null,
              },
        ),
      })),
    })),
    headToHead: verdict,
    gates,
    notes,
  }
}
