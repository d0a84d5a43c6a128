import { ENVELOPE_BYTES } from '../engine/envelope.ts'

/** Smallest message: the envelope of an opaque message, with an empty body. */
export const MIN_MESSAGE_BYTES = ENVELOPE_BYTES
/** Largest message anybody may ask for; a driver's own limit is usually far lower. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** Largest YAML file that is read. */
export const MAX_YAML_BYTES = 1024 * 1024
/** YAML aliases, counted as they multiply. */
export const MAX_YAML_ALIASES = 100
export const MAX_YAML_DEPTH = 64
/** Problems printed of one file; the rest is counted. */
export const MAX_PROBLEMS = 50

/** From here a rate is OMB's word for "as fast as it goes". */
export const UNBOUNDED_RATE_HZ = 10_000_000
/** Whether a rate stands for sending as fast as the system takes it, which no schedule says. */
export function isClosedLoop(rateHz: number): boolean {
  return rateHz >= UNBOUNDED_RATE_HZ
}
export const MAX_RATE_HZ = 1_000_000_000
export const MAX_DURATION_S = 7 * 24 * 3600
export const MAX_COUNT = 10_000_000
/** Random bodies kept by each producer process. */
export const MAX_PAYLOAD_POOL_BYTES = 256 * 1024 * 1024

/** What one machine can carry; checked by the plan, since a file may be meant for a fleet. */
export const MAX_PRODUCERS = 10_000
export const MAX_CONSUMERS = 10_000
export const MAX_PARTITIONS = 100_000
export const MAX_WORKERS = 64
/** Worker processes of each kind when nobody asks for a number. */
export const MAX_DEFAULT_WORKERS = 8
export const MAX_SIDES = 32
/** Stages of a schedule. */
export const MAX_STAGES = 200
/** Messages of a Poisson schedule: beyond that its slices, made anew as they are needed, would be too long. */
export const MAX_POISSON_MESSAGES = 1e10
/** Rates of one workload. */
export const MAX_RATES = 16

export const DEFAULT_WARMUP_S = 30
/** Longest automatic warm-up where nobody gives another. */
export const MAX_AUTO_WARMUP_S = 120
/** The least that it needs to see whether a load has settled, and to tell all workers. */
export const MIN_AUTO_WARMUP_S = 15
/** Seconds of the rate that a backlog must hold: less could not be told from what is always under way. */
export const MIN_BACKLOG_S = 1
/** Building a backlog may take so many times as long as the rate needs, and so much longer. */
export const BUILD_FACTOR = 2
export const BUILD_SLACK_S = 10
/** The same of draining it, where nobody gives another limit. */
export const DRAIN_FACTOR = 10
export const DRAIN_SLACK_S = 60
/** Longest time given to what is still under way when the measurement ends. */
export const DRAIN_LIMIT_S = 30
/** Broker start, topics and connections of one side, for the estimate of the plan only. */
export const PREPARE_ESTIMATE_S = 20
/** Messages of one subscription up to which the audit keeps to its memory budget. */
export const AUDIT_MESSAGES = 1_000_000_000
