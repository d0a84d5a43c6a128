import { normalNumbers } from './noise.ts'

/** What a model can do and how it behaves. All rates are messages a second. */
export interface ModelOptions {
  /** What its producers together can get acknowledged. */
  readonly publishHz: number
  /** What each subscription can take. */
  readonly drainHz: readonly number[]
  /** From the moment a message is taken until its acknowledgement; half as much again until it is delivered. */
  readonly latencyUs: number
  /** Deviation of every capacity, drawn anew each second, and of latencies: 0.03 is 3 %. */
  readonly noise: number
  readonly seed: number
  /** Messages that may wait to be acknowledged; it refuses further ones. */
  readonly maxQueue: number
  /** Changes capacity and latency with what the model has been through. */
  readonly behaviour?: (state: ModelState) => Behaviour
}

export interface ModelState {
  /** Seconds since the model was started. */
  readonly upS: number
  /** Messages accepted and not taken yet, in seconds of its capacity. */
  readonly queuedS: number
  /** What was taken in the last slice, as a share of capacity. */
  readonly load: number
  /** It was overloaded at some time since it was started: more than a second of messages waited. */
  readonly wasOverloaded: boolean
}

export interface Behaviour {
  readonly capacityFactor?: number
  readonly latencyFactor?: number
}

/** A range of messages, in their order, that were done in a slice. */
export interface Done {
  readonly from: number
  readonly to: number
  /** The slice in which they were taken, µs of the clock, and what came on top of it. */
  readonly sliceStartUs: number
  readonly sliceEndUs: number
  readonly latencyUs: number
}

/** The slices in which the model moves. */
export const SLICE_US = 20_000
const OVERLOADED_S = 1
const DELIVERY_FACTOR = 1.5

/**
 * A broker as queues of numbers: one in which messages wait to be acknowledged, and one for each subscription. It has no
 * messages, only how many there are, so that a million a second cost no more than one.
 */
export class ModelBroker {
  readonly options: ModelOptions
  readonly #normal: () => number
  #startedUs: number | null = null
  #noiseSecond = -1
  #capacityNoise: number[] = []
  #wasOverloaded = false
  #accepted = 0
  #taken = 0
  #delivered: number[] = []
  #load = 0

  constructor(options: ModelOptions) {
    this.options = options
    this.#normal = normalNumbers(options.seed)
    this.newTopics()
  }

  /** Empty queues, as for new topics; what the model has been through stays. */
  newTopics(): void {
    this.#accepted = 0
    this.#taken = 0
    this.#delivered = this.options.drainHz.map(() => 0)
  }

  /** Forgets what it has been through, as a broker does that is started anew. */
  restart(): void {
    this.newTopics()
    this.#wasOverloaded = false
    this.#startedUs = null
  }

  /** How many more messages it would accept. */
  get room(): number {
    return Math.max(0, this.options.maxQueue - (this.#accepted - Math.floor(this.#taken)))
  }

  accept(count: number): void {
    this.#accepted += count
  }

  /** Works through one slice; tells what was acknowledged and what each subscription received. */
  work(startUs: number): { readonly published: Done; readonly received: readonly Done[] } {
    const { publishHz, drainHz, latencyUs, noise } = this.options
    this.#startedUs ??= startUs
    this.#drawNoise(startUs)
    const sliceS = SLICE_US / 1e6
    const queuedS = (this.#accepted - this.#taken) / publishHz
    if (queuedS > OVERLOADED_S) this.#wasOverloaded = true
    const upS = (startUs - this.#startedUs) / 1e6
    const state: ModelState = { upS, queuedS, load: this.#load, wasOverloaded: this.#wasOverloaded }
    const { capacityFactor = 1, latencyFactor = 1 } = this.options.behaviour?.(state) ?? {}
    const capacity = publishHz * sliceS * capacityFactor * this.#capacityNoise[0]!
    const jitter = Math.max(0.1, 1 + noise * this.#normal())
    const slice = {
      sliceStartUs: startUs,
      sliceEndUs: startUs + SLICE_US,
      latencyUs: latencyUs * latencyFactor * jitter,
    }
    const before = this.#taken
    this.#taken = Math.min(this.#accepted, this.#taken + capacity)
    this.#load = capacity === 0 ? 1 : (this.#taken - before) / capacity
    const published: Done = { ...slice, from: Math.floor(before), to: Math.floor(this.#taken) }
    const received = this.#delivered.map((delivered, i): Done => {
      const most = drainHz[i]! * sliceS * capacityFactor * this.#capacityNoise[i + 1]!
      const to = Math.min(this.#taken, delivered + most)
      this.#delivered[i] = to
      return {
        ...slice,
        latencyUs: slice.latencyUs * DELIVERY_FACTOR,
        from: Math.floor(delivered),
        to: Math.floor(to),
      }
    })
    return { published, received }
  }

  /** One factor for publishing and one for each subscription, for a second. */
  #drawNoise(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6)
    if (second === this.#noiseSecond) return
    this.#noiseSecond = second
    const factor = () => Math.max(0, 1 + this.options.noise * this.#normal())
    this.#capacityNoise = Array.from({ length: this.options.drainHz.length + 1 }, factor)
  }
}
