/** Named limits of a trial. */
export const TRIAL_LIMITS = {
  /** Opening drivers: drivers themselves give up after 15 s. */
  openMs: 20_000,
  /** Making topics, consumers and producers. */
  prepareMs: 120_000,
  /** Stamps of all workers, for the bound on clocks. */
  clocksMs: 20_000,
  /** From the order to start until the epoch: time for every worker to hear of it. */
  startLeadMs: 300,
  /** Answers to the order to start. */
  startMs: 20_000,
  /** How long acknowledgements and deliveries are waited for after sending has stopped. */
  drainMs: 30_000,
  /** The same after Ctrl-C or the death of a worker. */
  shortDrainMs: 2_000,
  /** Settling and reporting: once for producers, once for consumers. */
  finishMs: 60_000,
  /** What the broker itself counted. */
  figuresMs: 10_000,
  /** What it says of the topics. */
  termsMs: 10_000,
  deleteTopicsMs: 20_000,
} as const
