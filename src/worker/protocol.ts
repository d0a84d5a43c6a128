import type { ClockLine } from '../clock/disciplined-clock.ts'
import type { Capabilities } from '../driver/capabilities.ts'
import type { ServerInfo, TopicFigures, TopicSpec, TopicTerms } from '../driver/driver.ts'
import type { EngineInterval, EngineReport, EngineSpec } from '../engine/types.ts'
import type { ErrorCode } from '../errors/app-error.ts'

/**
 * The language between supervisor and workers, the same over every transport. The supervisor asks, the worker answers
 * each request exactly once, in any order; the worker also sends events of its own.
 */

/** Name of a request → what it carries and what comes back. */
export interface Requests {
  /** Loads the driver and opens it. */
  open: { ask: WorkerSetup; answer: Opened }
  createTopics: { ask: { topics: readonly TopicSpec[] }; answer: null }
  /** What the server says of the topics that were made; null where the driver cannot ask it. */
  topicTerms: { ask: { topics: readonly TopicSpec[] }; answer: TopicTerms | null }
  deleteTopics: { ask: { topics: readonly TopicSpec[] }; answer: null }
  /** Answered when every consumer of this worker is ready. */
  prepareConsumers: { ask: null; answer: null }
  prepareProducers: { ask: null; answer: null }
  /** What the clock of the worker's host shows, before any correction. */
  clock: { ask: null; answer: { nowUs: number } }
  /** The worker's time is corrected by this from now on, so that it is the supervisor's. */
  followClock: { ask: ClockLine; answer: null }
  /** Begins the schedule at `epochUs` of the shared clock; `boundariesUs` are the ends of intervals, from the epoch. */
  start: { ask: { epochUs: number; boundariesUs: readonly number[] }; answer: null }
  /**
   * Moves the end of warm-up or of measure (µs from the epoch, and its length), never to later than the spec says, with
   * new ends of intervals. All workers are asked the same; one that is asked too late refuses.
   */
  retime: {
    ask: {
      readonly warmupUs: number
      readonly measureUs: number
      readonly boundariesUs: readonly number[]
    }
    answer: null
  }
  /** Ends the schedule now (Ctrl-C, another worker's death): nothing more is sent. */
  stopSending: { ask: null; answer: null }
  /** Answered when no consumer of this worker takes anything new: at most what is under way still comes. Idempotent. */
  pauseConsumers: { ask: null; answer: null }
  resumeConsumers: { ask: null; answer: null }
  progress: { ask: null; answer: WorkerProgress }
  /**
   * Ends the trial in the engine: settles, closes producers and consumers, reports. `endUs` (from the epoch, the same
   * for all workers) is the instant up to which what never came has waited.
   */
  finish: { ask: { endUs: number }; answer: EngineReport }
  /** What the broker counted of the topics; null where the driver cannot ask it. */
  topicFigures: { ask: { topics: readonly TopicSpec[] }; answer: readonly TopicFigures[] | null }
  /** Closes the driver; the worker exits after its answer. */
  close: { ask: null; answer: null }
}
export type RequestName = keyof Requests

export interface WorkerSetup {
  readonly driver: string
  readonly config: unknown
  readonly servers: readonly string[]
  readonly namePrefix: string
  readonly spec: EngineSpec
}

export interface Opened {
  readonly server: ServerInfo
  readonly capabilities: Capabilities
}

export interface WorkerProgress {
  readonly sent: number
  readonly settled: number
  readonly acknowledged: number
  /** Settled as unknown: the system may hold them or not. */
  readonly unknown: number
  /** Distinct messages received, summed over this worker's streams and subscriptions. */
  readonly distinctReceived: number
  readonly sendingDone: boolean
}

export interface WorkerError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | null
}

export type ToWorker = {
  [Name in RequestName]: { readonly id: number; readonly request: Name; readonly ask: Requests[Name]['ask'] }
}[RequestName]

export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: WorkerError }
  | { readonly kind: 'interval'; readonly interval: EngineInterval }
  | { readonly kind: 'log'; readonly line: string }
