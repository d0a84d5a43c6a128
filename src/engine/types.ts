import type { KeyDistributor, Payload } from '../workload/model.ts'
import type { RateSchedule } from '../workload/rate-schedule.ts'

export { ACKNOWLEDGERS, type Terms, type TopicFigures } from '../driver/driver.ts'

/** The latencies of a trial, all in whole microseconds. None is derived from another. */
export const LATENCIES = [
  /** Scheduled instant → the broker's acknowledgement. */
  'publish',
  /** Actual send → acknowledgement. */
  'service',
  /** Scheduled instant → actual send. */
  'scheduleDelay',
  /** The part of the schedule delay spent inside a driver call, or refused by the driver. */
  'driverDelay',
  /** The rest of the schedule delay: the generator's own lateness. */
  'wokenLate',
  /** Scheduled instant → the consumer's callback. */
  'endToEnd',
] as const
export type LatencyName = (typeof LATENCIES)[number]

export const PHASES = ['warmup', 'measure'] as const
/** A message belongs to the phase of its scheduled instant, whenever it is acknowledged. */
export type Phase = (typeof PHASES)[number]

/** What a worker process does. `both`: all that is sent in it is received in it too. */
export const WORKER_ROLES = ['producer', 'consumer', 'both'] as const
export type WorkerRole = (typeof WORKER_ROLES)[number]

/** What one worker process does in one trial. Times are microseconds from the run's epoch. */
export interface EngineSpec {
  /** Random per trial; messages of other runs are recognised by it. Unsigned 32 bit. */
  readonly runId: number
  readonly messageBytes: number
  readonly payload: Payload
  readonly keyDistributor: KeyDistributor
  /** Seeds payloads, keys and arrivals. */
  readonly seed: number
  /** Total over all producers of the trial; the mean over measure where `schedule` has rates of its own. */
  readonly rateHz: number
  /** When messages leave; default: evenly at `rateHz`. */
  readonly schedule?: RateSchedule
  /** Producers of the whole trial; producer i sends the messages i, i + n, i + 2n, … of the one schedule. */
  readonly producerCount: number
  readonly warmupUs: number
  readonly measureUs: number
  readonly partitions: number
  readonly producers: readonly ProducerPlan[]
  readonly consumers: readonly ConsumerPlan[]
}

export interface ProducerPlan {
  /** Number among all producers of the trial. */
  readonly id: number
  readonly topic: string
}

export interface ConsumerPlan {
  /** Number among all consumers of the trial. */
  readonly id: number
  readonly topic: string
  readonly subscription: string
  readonly indexInSubscription: number
  readonly consumersOfSubscription: number
  /** Messages a second this consumer may take; null = no limit. */
  readonly rateHz: number | null
}

/** Counters that only grow. */
export interface ProducerCounts {
  /** Due by the schedule so far (by now, or by the end of the phase). */
  scheduled: number
  /** Accepted by the driver. */
  sent: number
  acknowledged: number
  rejected: number
  unknown: number
}

export interface ConsumerCounts {
  /** Deliveries that could be read and belong to this run, duplicates included. */
  received: number
  /** Deliveries that could not be read, or whose checksum was wrong. */
  corrupted: number
  /** Deliveries of another run: counted, otherwise ignored. */
  foreign: number
}

/** A histogram on the wire and in results: HDR V2 compressed base64, 1 µs – 24 h, 3 significant digits. */
export interface EncodedHistogram {
  readonly hdr: string
  readonly count: number
  /** Values beyond the range, recorded at its upper end. */
  readonly saturated: number
  /** Negative values (clocks apart), recorded as 0. */
  readonly negative: number
  /** The most negative value seen, µs; 0 without any. */
  readonly minimumUs: number
}

/** What a worker tells every second. */
export interface EngineInterval {
  /** Microseconds from the epoch. */
  readonly startUs: number
  readonly endUs: number
  readonly producer: ProducerCounts
  readonly consumer: ConsumerCounts
  /** First deliveries in this process so far, all subscriptions together. */
  readonly distinctReceived: number
  /** Values recorded in the interval, of messages of any phase. */
  readonly histograms: Readonly<Partial<Record<LatencyName, EncodedHistogram>>>
  /** Failures so far by kind, of publishing and consuming together; absent without any. */
  readonly errors?: Readonly<Record<string, number>>
  readonly cpuUs: number
  readonly rssBytes: number
}

/** What one worker received for one subscription. */
export interface SubscriptionCounts extends ConsumerCounts {
  readonly topic: string
  readonly subscription: string
}

/** Lower bounds (end − scheduled) of the messages of a topic that were due and never sent, by phase. */
export interface NeverSent {
  readonly topic: string
  readonly latencies: Readonly<Record<Phase, EncodedHistogram>>
}

/** Sent messages of one stream of one producer. A stream is a key, else a partition; its numbers have no gaps. */
export interface SentStream {
  readonly producer: number
  readonly topic: string
  readonly stream: number
  /** Messages sent: stream sequences 0 … sent − 1. */
  readonly sent: number
  /** First stream sequence whose scheduled instant is in the measure phase. */
  readonly measureFrom: number
  /** Pairs [first, count] in stream sequences. */
  readonly rejected: readonly number[]
  readonly unknown: readonly number[]
  /**
   * Scheduled instants (µs) of the stream sequences 0, stride, 2·stride, …, and at the end that of the last message:
   * the instant of sequence q is at most `checkpointsUs[⌈q / stride⌉]`.
   */
  readonly checkpointStride: number
  readonly checkpointsUs: readonly number[]
}

/** Received messages of one stream of one producer, seen by one worker for one subscription. */
export interface ReceivedStream {
  readonly subscription: string
  readonly topic: string
  readonly producer: number
  readonly stream: number
  /** The set of stream sequences received, serialised by `SequenceSet`. */
  readonly set: Uint8Array
  /** Deliveries, duplicates included. */
  readonly deliveries: number
  /** First deliveries with a lower number than one received before. */
  readonly outOfOrder: number
  /** Duplicates that the system marked as redelivered. */
  readonly redelivered: number
  /** First deliveries here that the system marked as redelivered: duplicates only where another worker had them too. */
  readonly redeliveredFirst: number
  /** Deliveries from a partition other than the stream's (ordered by partition only). */
  readonly wrongPartition: number
}

/** A time without any acknowledgement, µs from the epoch. */
export interface AcknowledgementGap {
  readonly fromUs: number
  readonly toUs: number
}

/** When a process saw no acknowledgement. */
export interface AcknowledgementGapReport {
  /** Of all its producers together, in the order of time. */
  readonly gaps: readonly AcknowledgementGap[]
  /** The longest of single producers within measure, the longest first; bounded. */
  readonly producers: readonly (AcknowledgementGap & { readonly producer: number })[]
}

/** What a worker reports of one trial when all is drained. */
export interface EngineReport {
  readonly producerCounts: Readonly<Record<Phase, ProducerCounts>>
  readonly consumerCounts: ConsumerCounts
  /** The same by subscription. */
  readonly subscriptionCounts: readonly SubscriptionCounts[]
  readonly histograms: Readonly<Record<Phase, Readonly<Partial<Record<LatencyName, EncodedHistogram>>>>>
  /** Lower bounds (end − scheduled) of messages of the phase that were never acknowledged: never sent, rejected, unknown. */
  readonly censoredPublish: Readonly<Record<Phase, EncodedHistogram>>
  /** The never-sent part of it, by topic: nobody can have received these. */
  readonly neverSent: readonly NeverSent[]
  /** Absent in a process without producers, and in one that died. */
  readonly acknowledgementGaps?: AcknowledgementGapReport
  readonly sentStreams: readonly SentStream[]
  readonly receivedStreams: readonly ReceivedStream[]
  /** The audit ran out of its memory budget: counts only, integrity unproven. */
  readonly auditOverflowed: boolean
  /** Failures by kind: publish outcomes and consumer errors. */
  readonly publishErrors: Readonly<Record<string, number>>
  readonly consumeErrors: Readonly<Record<string, number>>
  /** Breaches of the driver contract seen by the guard, as sentences; any makes the measurement invalid. */
  readonly contractBreaches: readonly string[]
}

/** The audit of one subscription over the whole trial, merged over all workers. */
export interface Audit {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly unknown: number
  /** Deliveries that could be read, duplicates included. */
  readonly received: number
  /** Distinct messages delivered. */
  readonly distinct: number
  /** Acknowledged or unknown, and never delivered. */
  readonly lost: number
  /** Acknowledged and never delivered: the grave part of `lost`. */
  readonly acknowledgedLost: number
  /** Deliveries beyond the first of each message. */
  readonly duplicated: number
  /** Part of `duplicated` that the system itself marked as redelivered. */
  readonly redelivered: number
  readonly outOfOrder: number
  readonly corrupted: number
  readonly wrongPartition: number
  /** Delivered though rejected. */
  readonly ghosts: number
  readonly overflowed: boolean
}

/** What is wrong with one producer's messages, or with one stream (key or partition) of it. */
export interface AuditBreakdownRow {
  readonly topic: string
  readonly subscription: string
  readonly producer: number
  /** Number of the key, or of the partition; null = all streams of the producer together. */
  readonly stream: number | null
  readonly acknowledgedLost: number
  readonly lost: number
  readonly duplicated: number
  readonly outOfOrder: number
}

/** The worst producers and streams, the worst first; bounded, and empty where nothing is wrong. */
export interface AuditBreakdown {
  readonly producers: readonly AuditBreakdownRow[]
  readonly streams: readonly AuditBreakdownRow[]
}
