import type {
  Audit,
  AuditBreakdown,
  ConsumerCounts,
  EncodedHistogram,
  LatencyName,
  Phase,
  ProducerCounts,
  Terms,
  TopicFigures,
  WorkerRole,
} from '../engine/types.ts'
import type { Fault, Workload } from '../workload/model.ts'
import type { WorkerClock } from './clocks.ts'
import type { NoiseFloor } from './floor.ts'
import type { BacklogResult, WarmupResult } from './load.ts'
import type { Recovery } from './recovery.ts'
import type { SearchResult } from './search.ts'
import type { WholeCosts } from './whole-costs.ts'

/** Raised when a field changes its meaning or goes; readers refuse what they do not know. */
export const RESULT_SCHEMA_VERSION = 1

/** The only thing that passes from running to reporting. One file, `result.json`, in the experiment's folder. */
export interface ExperimentResult {
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION
  /** `exp-YYYYMMDD-HHMMSS`, UTC. */
  readonly id: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly endedAt: string
  readonly benchVersion: string
  /** The command line, secrets masked. */
  readonly command: readonly string[]
  readonly host: Host
  readonly workload: Workload
  readonly workloadSource: string
  readonly workers: number
  /** The trials that were planned; absent in results of older versions, which ran one a side. */
  readonly trialPlan?: TrialPlan
  /** The run of a test plan that this experiment is; absent where it is none. */
  readonly testRun?: TestRunMark
  readonly sides: readonly SideResult[]
  /** Sides whose guarantees differ are not ranked; absent where the difference is only named. */
  readonly strict?: boolean
  /** Why the experiment is only a part of what was asked (Ctrl-C, a broker that could not be had), else null. */
  readonly partial: string | null
  readonly notes: readonly string[]
  /** The module that the sides' custom figures come from; absent where none was named. */
  readonly customFigures?: CustomModule
  readonly costs: Costs
  /** What bench shows of a system that costs nothing; absent where it was not measured. */
  readonly floor?: NoiseFloor
}

/** A local run is not billed: never a number that nobody was charged. */
export type Costs =
  | { readonly billing: 'not billed' }
  | {
      /** `estimated` by a price list, `billed` once the bill is known. */
      readonly billing: 'estimated' | 'billed'
      /** ISO 4217, of all figures. */
      readonly currency: string
      /** What each side's machines, disks and traffic cost; sides that nothing is known of are left out. */
      readonly sides: readonly SideCost[]
      /** Of the cloud experiment that the run belongs to; absent elsewhere. */
      readonly whole?: WholeCosts
    }

export interface SideCost {
  /** Label of the side. */
  readonly side: string
  /** While it was under load. */
  readonly perHour: number
}

/** A run of a test plan. */
export interface TestRunMark {
  /** Name of the plan. */
  readonly plan: string
  /** Id of the run in the plan. */
  readonly run: string
  /** Of everything that was asked of all sides, SHA-256 in hex: two experiments with the same measured the same. */
  readonly digest: string
}

/** Which trials were to be run. */
export interface TrialPlan {
  /** Trials of each side, at each rate. */
  readonly perSide: number
  /** Of the order, payloads and keys. */
  readonly seed: number
  /** Labels of the sides, in the order of their trials. */
  readonly order: readonly string[]
  /** Messages a second of each of these trials; absent when all are offered the same. */
  readonly ratesHz?: readonly number[]
}

export interface Host {
  readonly os: string
  readonly kernel: string
  readonly cpuModel: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly bun: string
  readonly loadAverage: number
}

export interface SideResult {
  readonly label: string
  readonly driver: string
  /** The driver file with overrides, secrets masked. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly ignoredSettings: readonly string[]
  /** Why no trial could be run; null when at least one was. */
  readonly error: { readonly message: string; readonly hint: string | null } | null
  /** In the order in which they were run. */
  readonly trials: readonly TrialResult[]
  /** Trials that could not be prepared, although others were run; absent without any. */
  readonly failedTrials?: readonly FailedTrial[]
  /** Figures of a module of the user's; absent without one. */
  readonly customFigures?: readonly CustomFigure[]
  /** The search for the highest rate that is sustained, whose steps are the trials; absent where none was asked for. */
  readonly search?: SearchResult
}

/** A module of custom figures. */
export interface CustomModule {
  /** Its path, from the folder in which bench was called where it lies below it. */
  readonly module: string
  /** Why no figure is known at all, else null. */
  readonly error: string | null
}

/** A figure that a module of the user's computed for a side. */
export interface CustomFigure {
  readonly name: string
  /** Empty without one. */
  readonly unit: string
  readonly better: 'lower' | 'higher' | null
  readonly note: string | null
  /** One a trial, in the order of `trials`; null = not known. */
  readonly values: readonly (number | null)[]
  /** What went wrong, each sentence once. */
  readonly errors: readonly string[]
}

/** A trial that could not be prepared. */
export interface FailedTrial {
  /** As `TrialResult.place`. */
  readonly place: number
  readonly message: string
  readonly hint: string | null
}

/** What stands behind an acknowledgement; a field that is left out is not known. */
export interface ServerGuarantees {
  /** Copies kept of a message. */
  readonly copies?: number
  /** Copies that surely exist when a message is acknowledged. */
  readonly copiesAtAck?: number
  /** Whether each of these was flushed to the disk before. */
  readonly syncedAtAck?: boolean
}

/** One run of one workload on one side. */
export interface TrialResult {
  readonly startedAt: string
  /** Place in `trialPlan.order`: 0 for the first trial of the run. Absent in results of older versions. */
  readonly place?: number
  /** Messages a second that were to be offered; absent in results of older versions: the workload's `producerRateHz`. */
  readonly rateHz?: number
  readonly server: {
    readonly version: string
    readonly client: string
    readonly runtime: 'native' | 'container' | 'given'
    readonly addresses: readonly string[]
    readonly settings: Readonly<Record<string, string>>
    readonly notes: readonly string[]
    /** What stands behind an acknowledged message; a field that is left out is not known. */
    readonly guarantees?: ServerGuarantees
    /** How the side is set up, as far as it is known; absent in results of older versions. */
    readonly terms?: Terms
    /** What the local broker's processes took during measure; null when not local. */
    readonly usage: ServerUsage | null
  }
  /** What the side promises of an acknowledged message, and in what scope messages keep their order. */
  readonly promise: {
    readonly delivery: 'best-effort' | 'at-most-once' | 'at-least-once' | 'exactly-once'
    readonly orderDomain: 'key' | 'partition' | 'queue' | 'none'
    readonly sharedStreams: boolean
    /** What a partition is; absent in results of older versions. */
    readonly partitions?: 'native' | 'emulated' | 'none'
    /** Kinds of `consumeErrors` that break a promise of the side. */
    readonly violationKinds?: readonly string[] | undefined
  }
  readonly phases: Readonly<Record<Phase, PhaseResult>>
  readonly intervals: readonly IntervalResult[]
  /** One a subscription; the same keys as `subscriptions`. */
  readonly audits: readonly (Audit & { readonly topic: string; readonly subscription: string })[]
  readonly publishErrors: Readonly<Record<string, number>>
  readonly consumeErrors: Readonly<Record<string, number>>
  readonly consumerCounts: ConsumerCounts
  readonly contractBreaches: readonly string[]
  readonly workers: readonly WorkerResult[]
  /** What all workers together sent and received during measure; absent where the system does not tell. */
  readonly clientWire?: WireBytes
  /**
   * How wrong an end-to-end latency may be at most because its ends were read from different clocks, µs; 0 where all
   * workers share one. In results of older versions as bounded by round trips on one machine.
   */
  readonly clockBoundUs: number
  /** How an automatic warm-up ended; absent where its length was fixed. */
  readonly warmup?: WarmupResult
  /** What became of the backlog that was asked for; absent where none was, or the trial ended before it. */
  readonly backlog?: BacklogResult
  /** Clocks of workers on other hosts; absent where all share the supervisor's. */
  readonly clocks?: readonly WorkerClock[]
  readonly drain: { readonly durationMs: number; readonly complete: boolean }
  /** Expected deliveries (subscriptions × scheduled) not yet received when measure ended, as messages of one subscription. */
  readonly backlogAtEnd: number
  /** Why the trial was cut short (worker died, Ctrl-C), else null. */
  readonly interrupted: string | null
  /** What the broker itself counted, to hold against the audit; absent where it was not asked. */
  readonly brokerFigures?: BrokerFigures
  /** Brokers that bench runs on this machine beside the one under test; absent without any. */
  readonly otherBrokers?: readonly OtherBroker[]
  /** What went wrong on purpose, in the order of the workload; absent without any. */
  readonly faults?: readonly FaultResult[]
  /** Times of measure without any acknowledgement; absent without faults, and where a worker did not report. */
  readonly acknowledgementGaps?: AcknowledgementGaps
  /** The worst producers and streams of the audit; absent where nothing was wrong with any. */
  readonly auditBreakdown?: AuditBreakdown
  readonly verdict: Verdict
}

/** A stretch of time, in seconds from the epoch. */
export interface TimeSpan {
  readonly fromS: number
  readonly toS: number
}

/** A fault as it happened. Seconds from the epoch, as those of intervals. */
export interface FaultResult {
  readonly kind: Fault['kind']
  /** In words, with the node it happened to: `kill of kafka-2`. */
  readonly text: string
  /** Null: the trial ended before. */
  readonly startS: number | null
  /** When it was taken back, which of a node that was killed is when it was healthy again; null: it was not. */
  readonly endS: number | null
  /** What went wrong with the fault itself, else null. */
  readonly error: string | null
  /** Null: it cannot be told, since nothing was measured before or after it. */
  readonly recovery: Recovery | null
  /** The longest time without any acknowledgement from its begin until the recovery; null: none of a millisecond. */
  readonly longestGap: TimeSpan | null
}

/** Times of measure without any acknowledgement. */
export interface AcknowledgementGaps {
  /** Of all producers together; null: none of a millisecond. */
  readonly longest: TimeSpan | null
  /** The longest of single producers, the worst first; bounded. */
  readonly producers: readonly (TimeSpan & { readonly producer: number })[]
}

/** All processes of a local broker together, during measure. What could not be measured is left out. */
export interface ServerUsage {
  readonly cpuS: number
  /** Largest sum of resident memory that was seen. */
  readonly maxRssBytes: number
  readonly wire?: WireBytes
  /** Bytes that the processes gave the file system to write to disk, what was removed again later included. */
  readonly diskWrittenBytes?: number
  /** How much more disk the data folders took at the end than at the begin; less than 0 where data went. */
  readonly diskGrowthBytes?: number
}

/** TCP payload as the kernel counts it, TLS included; not headers of TCP and IP, nor what had to be sent again. */
export interface WireBytes {
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Connections ended meanwhile, and with them the count of their last moments: it was at least this much. */
  readonly atLeast: boolean
}

/** A broker that was up during a trial and not under test. */
export interface OtherBroker {
  readonly name: string
  /** Share of one core over all of measure, 0 … 1 (and above), of all its processes together. */
  readonly coreShare: number
}

/** Asked after the drain, with all producers and consumers closed, before the topics are deleted. Warm-up included. */
export interface BrokerFigures {
  readonly topics: readonly TopicFigures[]
  /** Why the broker gave no figures, else null. */
  readonly error: string | null
}

export interface PhaseResult {
  readonly durationS: number
  readonly counts: ProducerCounts
  /** Distinct expected deliveries of messages of this phase that came. */
  readonly delivered: number
  /** Deliveries a second that the consumers saw within the phase's own time, all subscriptions together. */
  readonly consumeRateHz: number
  /** Acknowledgements a second within the phase's own time. */
  readonly publishRateHz: number
  readonly latencies: Readonly<Record<LatencyName, LatencyResult>>
}

export interface LatencyResult {
  /** Values that were seen. */
  readonly completed: EncodedHistogram
  /** Lower bounds of those that never came (publish and endToEnd only; else empty). */
  readonly censored: EncodedHistogram
  /** Of both together. */
  readonly summary: LatencySummary
}

/** Microseconds. `atLeast` is true when counting the censored as infinite would change the quantile: it prints `≥`. */
export interface Quantile {
  readonly us: number
  readonly atLeast: boolean
}

export interface LatencySummary {
  /** Completed and censored together. */
  readonly count: number
  readonly censored: number
  readonly negative: number
  readonly saturated: number
  /** Of the completed values; null without any. */
  readonly meanUs: number | null
  readonly p50: Quantile
  readonly p75: Quantile
  readonly p95: Quantile
  readonly p99: Quantile
  readonly p999: Quantile
  readonly p9999: Quantile
  readonly max: Quantile
}

/** One second of a trial, all workers together; its counts are those of this second alone. */
export interface IntervalResult {
  /** Seconds from the epoch. */
  readonly startS: number
  readonly endS: number
  readonly phase: Phase | 'drain'
  readonly counts: ProducerCounts
  readonly received: number
  readonly latencies: Readonly<Partial<Record<LatencyName, IntervalLatency>>>
}

export interface IntervalLatency {
  readonly count: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
  /** The interval's histogram, for the interval log. */
  readonly hdr: string
}

export interface WorkerResult {
  readonly role: WorkerRole
  readonly index: number
  readonly pid: number
  /** CPU seconds during measure. */
  readonly cpuS: number
  /** Largest share of one core over any interval of measure, 0 … 1 (and above). */
  readonly maxCoreShare: number
  /** Share of one core over all of measure. */
  readonly meanCoreShare: number
  readonly maxRssBytes: number
  /** How it ended, when not as asked. */
  readonly failure: string | null
}

export type MeasurementVerdict = 'valid' | 'saturated' | 'invalid'
export type IntegrityVerdict = 'intact' | 'violated' | 'unproven'

export interface Verdict {
  readonly measurement: MeasurementVerdict
  readonly measurementReasons: readonly string[]
  readonly integrity: IntegrityVerdict
  readonly integrityReasons: readonly string[]
}
