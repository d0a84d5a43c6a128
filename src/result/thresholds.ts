/**
 * Every threshold of the verdicts, in one place. Changing one changes what past experiments would be called: it needs
 * a line in the changelog.
 */
export const THRESHOLDS = {
  /** Held: at least this share of what was scheduled in measure is acknowledged by the end of the drain. */
  heldAcknowledgedShare: 0.99,
  /** Held: the backlog when measure ends is at most this many seconds of the rate. */
  heldBacklogS: 1,
  /** Invalid: the generator's own lateness (not the driver's) exceeds this at its 99th percentile over measure. */
  wokenLateP99Us: 10_000,
  /** Invalid: a worker uses more than this share of one core over measure, so that it delays what it measures. */
  workerMeanCoreShare: 0.9,
  /** Invalid: brokers that are up on this machine and not under test use more than this share of one core together. */
  otherBrokersCoreShare: 0.03,
  /** Invalid: clocks may differ by more than this share of the median end-to-end latency … */
  clockShareOfEndToEndP50: 0.1,
  /** … and by more than this; below it the share is not asked. Also how early a message may seem to arrive. */
  clockFloorUs: 1_000,
  /**
   * A drain that ran into its limit proves a loss only if nothing came for this long at its end: messages that still
   * trickle in are late, not lost.
   */
  drainQuietS: 5,
  /** Search, a step is refused: what is due and not delivered grows by more than this share of the rate. */
  backlogGrowthShare: 0.01,
  /** … and, over the step, by more than this many standard deviations of what it varies by … */
  backlogGrowthDeviations: 3,
  /** … and by more than so many messages. */
  backlogGrowthLeast: 5,
} as const
