/** One run of one side: a producer and a consumer, each a process of its own. */
export interface RunSpec {
  /** `host:port` of the broker, then the address of its admin interface. */
  readonly servers: readonly string[]
  /** Name within the driver's namespace, with one partition. */
  readonly topic: string
  /** Messages that may be unacknowledged. */
  readonly inFlight: number
  /** msg/s; null = as fast as it goes. */
  readonly rateHz: number | null
  readonly batchMessages: number
  /** Each such span the process prints what it did. */
  readonly intervalS: number
}

/** What one process did in one interval. */
export interface Interval {
  /** Messages since the start of the process. */
  readonly total: number
  readonly rateHz: number
  /** Service time (producer) or end-to-end latency (consumer), ms. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/** An interval as it was printed, with what the process had used by then. */
export interface Sample extends Interval {
  readonly atMs: number
  /** User and system time since the start of the process. */
  readonly cpuS: number
}

/** pulsar-perf prints each 10 s, and cannot be told otherwise. */
export const INTERVAL_S = 10
export const MESSAGE_BYTES = 1024

// Equal on both sides; batches as both clients have them by default, the window as small as both take it.
export const BATCH_MESSAGES = 1000
export const BATCH_BYTES = 131_072
export const BATCH_DELAY_MS = 1
export const RECEIVER_QUEUE = 5000
