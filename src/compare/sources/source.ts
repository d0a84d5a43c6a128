import type { ExperimentResult, SideResult } from '../../result/result.ts'
import type { TrialFigures } from '../verdict/index.ts'
import type { FigureValues } from './figures.ts'

/** One trial of a side, as far as it can be compared with one from elsewhere. */
export interface ComparedTrial extends TrialFigures {
  /** Messages a second that were offered; null where the source does not tell. */
  readonly rateHz: number | null
  readonly values: FigureValues
}

/** One side of a source. */
export interface SourceSide {
  readonly label: string
  readonly driver: string
  readonly trials: readonly ComparedTrial[]
  /** What bench recorded; null where another program measured. */
  readonly measured: SideResult | null
  /** What a reader must know of this side's trials. */
  readonly notes: readonly string[]
}

/** What must be the same for figures to be ranked; null = the source does not tell. The names are for people. */
export type WorkloadFacts = Readonly<Record<string, string | null>>

/** One thing to compare, with all that is needed of it: an experiment, or results of the OpenMessaging Benchmark. */
export interface Source {
  /** `A`, `B`, `C` …: its place on the command line. */
  readonly name: string
  /** What was measured, for people: an experiment's id, or the names of files. */
  readonly title: string
  /** Where from: latencies that count from different instants are not the same figure. */
  readonly kind: 'bench' | 'omb'
  /** Paths of the files read. */
  readonly files: readonly string[]
  /** SHA-256 of the files read, one after the other; the same data has the same digest. */
  readonly digest: string
  readonly workload: string
  /** ISO 8601; null where the source does not tell. */
  readonly startedAt: string | null
  readonly facts: WorkloadFacts
  /** The machine and the program that measured. */
  readonly environment: Readonly<Record<string, string>>
  readonly strict: boolean
  /** Why only a part of it was run, else null. */
  readonly partial: string | null
  readonly sides: readonly SourceSide[]
  /** Null for results of another program. */
  readonly result: ExperimentResult | null
}
