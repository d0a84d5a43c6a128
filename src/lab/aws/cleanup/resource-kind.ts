/** The tag by which everything of an experiment is found. */
export const EXPERIMENT_TAG = 'ExperimentID'

/** Something that an experiment left in the account. */
export interface Leftover {
  /** E.g. `instance`, `security group`. */
  readonly kind: string
  /** As AWS's calls want it: an id, a name or an ARN. */
  readonly id: string
  /** More for the reader, e.g. its state; may be empty. */
  readonly detail: string
}

/** A kind of resource: how those of an experiment are found, and how one of them is removed. */
export interface ResourceKind {
  readonly kind: string
  /** Those that carry the tag, and that still cost or block something. One attempt, not tried again. */
  find(experimentId: string): Promise<Leftover[]>
  /**
   * Removes one, with what hangs on it alone. Done again after a failure, so it must bear being begun before. Throws
   * what AWS says; that it does not exist counts as done.
   */
  remove(leftover: Leftover): Promise<void>
  /** Whether a removed one still takes its time to end; the next stage waits. Default: it does not. */
  readonly endsLate?: boolean
}

/** Kinds that do not depend on each other; stages follow each other. */
export type Stage = readonly ResourceKind[]

interface Tagged {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/**
 * Whether it is the experiment's: also asked of what a filter by tag has found, for a filter that is not understood
 * would otherwise delete what is not ours.
 */
export function isOf(experimentId: string, tags: readonly Tagged[] | undefined): boolean {
  return tags?.some(({ Key, Value }) => Key === EXPERIMENT_TAG && Value === experimentId) ?? false
}

/** The filter of EC2 calls. */
export function tagFilter(experimentId: string): { Name: string; Values: string[] } {
  return { Name: `tag:${EXPERIMENT_TAG}`, Values: [experimentId] }
}
