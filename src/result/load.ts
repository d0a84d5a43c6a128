/** How an automatic warm-up ended; its length is that of the phase. */
export interface WarmupResult {
  /** Whether rates and latencies had settled. */
  readonly settled: boolean
  /** After so many seconds it would have ended in any case. */
  readonly maximumS: number
  /** What had not settled, else null. */
  readonly reason: string | null
}

/**
 * A backlog that was built with consumers paused, and drained while producers went on. Seconds count from the epoch;
 * messages are those of one subscription.
 */
export interface BacklogResult {
  /** How large it was to become. */
  readonly targetMessages: number
  /** Acknowledged and not delivered just before it was built: what is always under way. */
  readonly usualMessages: number
  readonly build: {
    readonly startS: number
    readonly endS: number
    /** Acknowledged and not delivered at its end. */
    readonly messages: number
    /** Whether that was as large as it was to become. */
    readonly reached: boolean
  }
  /** Begins where the build ends. */
  readonly drain: {
    readonly endS: number
    /** Delivered meanwhile, new messages among them. */
    readonly delivered: number
    /** Acknowledged and not delivered at its end. */
    readonly messages: number
    /** Whether no more was left than was to be. */
    readonly drained: boolean
  }
}
