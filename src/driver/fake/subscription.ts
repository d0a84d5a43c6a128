import type { Clock } from '../../clock/clock.ts'
import { AppError } from '../../errors/app-error.ts'
import { createFifo, type Fifo } from './fifo.ts'
import type { FakeShape } from './options.ts'

/** One delivery to come. */
export interface Emission {
  /** Place of the message in the order of acceptance of its topic. */
  readonly index: number
  readonly value: Uint8Array
  readonly partition: number
  /** Number of the stream, for receivers that get a part of the streams. */
  readonly stream: number
  /** Who gets it, seen from the emission before it in the same queue (competing consumers only). */
  readonly receiver: 'any' | 'another' | 'same'
  readonly redelivered: boolean
}

/** Messages on their way to one consumer. */
export interface Delivery {
  readonly id: number
  readonly emissions: readonly Emission[]
}

/** A consumer as the system sees it. */
export interface Receiver {
  /** Acknowledges the delivery of that id. Unknown ids are ignored. */
  acknowledge(id: number): void
  pause(): void
  resume(): void
  /** Leaves; what was delivered and not acknowledged goes back, where the shape redelivers. */
  detach(): void
}

/** One subscription of a topic with its queues and consumers. */
export interface Subscription {
  /** Messages waiting. */
  readonly backlog: number
  /** Adds a message; `pump` sends it on. */
  push(emission: Emission): void
  pump(): void
  /** Throws when `indexInSubscription` is taken. The receiver starts paused: messages wait until it is resumed. */
  attach(index: number, count: number, deliver: (delivery: Delivery) => void): Receiver
}

/** Messages that a consumer may have without acknowledging them. */
const PREFETCH = 1000
const MAX_BATCH = 500

interface Lane {
  readonly index: number
  readonly queue: Fifo<Emission>
  next: number
  last: Attached | null
}

interface Attached {
  readonly index: number
  readonly deliver: (delivery: Delivery) => void
  readonly unacknowledged: Map<number, readonly Emission[]>
  unacknowledgedCount: number
  gathered: Emission[]
  attached: boolean
  paused: boolean
  nextId: number
}

/** Messages accepted before `startIndex` are none of this subscription's business. */
export function createSubscription(clock: Clock, shape: FakeShape, startIndex: number): Subscription {
  const competing = shape === 'queue' || shape === 'sink'
  const redelivers = shape === 'log' || shape === 'queue'
  const lanes = new Map<number, Lane>()
  const active = new Set<Lane>()
  const receivers: Attached[] = []
  const owners = new Map<number, Attached>()
  let members = 1
  let backlog = 0
  let pumping = false
  let pumpDue = false

  function laneIndex(emission: Emission): number {
    if (shape === 'sink') return 0
    return shape === 'fanout' ? emission.stream % members : emission.partition
  }

  function laneOf(emission: Emission): Lane {
    const index = laneIndex(emission)
    let lane = lanes.get(index)
    if (lane === undefined) {
      lane = { index, queue: createFifo(), next: 0, last: null }
      lanes.set(index, lane)
    }
    return lane
  }

  function ownerOf(lane: Lane): Attached | undefined {
    return owners.get(lane.index % members)
  }

  function choose(lane: Lane, emission: Emission): Attached | undefined {
    if (!competing) {
      const owner = ownerOf(lane)
      return owner !== undefined && canTake(owner) ? owner : undefined
    }
    const last = lane.last
    if (last !== null && emission.receiver === 'same' && last.attached) {
      return canTake(last) ? last : undefined
    }
    const others =
      emission.receiver === 'another' ? receivers.filter((one) => one !== last && !one.paused) : []
    const candidates = others.length > 0 ? others : receivers
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[(lane.next + i) % candidates.length]!
      if (!canTake(candidate)) continue
      lane.next = receivers.indexOf(candidate) + 1
      return candidate
    }
    return undefined
  }

  function dispatch(lane: Lane, touched: Set<Attached>): void {
    for (let emission = lane.queue.peek(); emission !== undefined; emission = lane.queue.peek()) {
      const receiver = choose(lane, emission)
      if (receiver === undefined) return
      lane.queue.shift()
      lane.last = receiver
      backlog--
      receiver.gathered.push(emission)
      touched.add(receiver)
    }
    active.delete(lane)
  }

  function pumpOnce(): boolean {
    const touched = new Set<Attached>()
    for (const lane of active) dispatch(lane, touched)
    for (const receiver of touched) deliverGathered(receiver)
    return touched.size > 0
  }

  function pump(): void {
    if (pumping) return
    pumping = true
    try {
      while (pumpOnce());
    } finally {
      pumping = false
    }
  }

  /** Not at once: whoever acknowledges or resumes must not be called back from inside. */
  function pumpSoon(): void {
    if (pumpDue || active.size === 0) return
    pumpDue = true
    clock.schedule(0, () => {
      pumpDue = false
      pump()
    })
  }

  function detach(receiver: Attached): void {
    const at = receivers.indexOf(receiver)
    if (at < 0) return
    receivers.splice(at, 1)
    receiver.attached = false
    if (!competing) owners.delete(receiver.index)
    if (!redelivers) return
    const returned = new Map<Lane, Emission[]>()
    for (const emission of [...[...receiver.unacknowledged.values()].flat(), ...receiver.gathered]) {
      const lane = laneOf(emission)
      const list = returned.get(lane) ?? []
      list.push({ ...emission, receiver: 'any', redelivered: true })
      returned.set(lane, list)
    }
    for (const [lane, list] of returned) {
      lane.queue.unshift(list)
      backlog += list.length
      active.add(lane)
    }
    pumpSoon()
  }

  return {
    get backlog() {
      return backlog
    },
    push(emission) {
      if (emission.index < startIndex) return
      const lane = laneOf(emission)
      if (shape === 'fanout' && ownerOf(lane) === undefined) return
      lane.queue.push(emission)
      active.add(lane)
      backlog++
    },
    pump,
    attach(index, count, deliver) {
      if (!competing && owners.has(index)) {
        throw new AppError(
          'CONTRACT',
          `expected a free place in the subscription, got ${index} of ${count} twice`,
        )
      }
      members = count
      const receiver: Attached = {
        index,
        deliver,
        unacknowledged: new Map(),
        unacknowledgedCount: 0,
        gathered: [],
        attached: true,
        paused: true,
        nextId: 1,
      }
      receivers.push(receiver)
      if (!competing) owners.set(index, receiver)
      return {
        acknowledge(id) {
          const emissions = receiver.unacknowledged.get(id)
          if (emissions === undefined) return
          receiver.unacknowledged.delete(id)
          receiver.unacknowledgedCount -= emissions.length
          pumpSoon()
        },
        pause() {
          receiver.paused = true
        },
        resume() {
          receiver.paused = false
          pumpSoon()
        },
        detach: () => detach(receiver),
      }
    },
  }
}

function canTake(receiver: Attached): boolean {
  return !receiver.paused && receiver.unacknowledgedCount + receiver.gathered.length < PREFETCH
}

function deliverGathered(receiver: Attached): void {
  const gathered = receiver.gathered
  receiver.gathered = []
  for (let from = 0; from < gathered.length; from += MAX_BATCH) {
    const emissions = gathered.slice(from, from + MAX_BATCH)
    const id = receiver.nextId++
    receiver.unacknowledged.set(id, emissions)
    receiver.unacknowledgedCount += emissions.length
    receiver.deliver({ id, emissions })
  }
}
