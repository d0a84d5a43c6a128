import type { ComparedTrial, Source, SourceSide } from '../sources/index.ts'

/** A side in a contest: its trials at one rate. */
export interface ContestSide {
  /** Unique in the contest: the side's own label, with its source where several are compared: `kafka@B`. */
  readonly label: string
  readonly source: Source
  readonly side: SourceSide
  readonly trials: readonly ComparedTrial[]
}

/** Sides that are held against one another at one rate. */
export interface Contest {
  readonly title: string
  /** Messages a second that were offered; null where a source does not tell. */
  readonly rateHz: number | null
  /** The first is the baseline. */
  readonly sides: readonly ContestSide[]
  /** Why nobody is ranked: in what the loads differ. Empty when they are the same as far as the sources tell. */
  readonly differences: readonly string[]
  /** Versions and settings that differ between sides of the same label: what a change may come from. */
  readonly settings: readonly string[]
}

/** Which sides to hold against which. */
export type ComparedBy = 'side' | 'source'
