import { SimClock } from '../../src/clock/sim-clock.ts'
import { makeMessage, readMessage } from '../../src/driver/conformance/messages.ts'
import type { Driver, Outcome } from '../../src/driver/driver.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import type { FakeOptionsInput } from '../../src/driver/fake/options.ts'
import { createFakeSystem } from '../../src/driver/fake/system.ts'

/** What an audit would find at one consumer or subscription. */
export interface Findings {
  readonly lost: number
  readonly acknowledgedLost: number
  readonly duplicated: number
  readonly outOfOrder: number
  readonly corrupted: number
}

export interface FaultRun {
  readonly options: FakeOptionsInput
  readonly messages: number
  readonly partitions: number
  readonly subscriptions: number
  readonly consumersPerSubscription: number
  readonly producers: number
  /** Stream of the n-th message of a producer: a key where `keyed`, else a partition. */
  readonly streams: number
  readonly keyed: boolean
  readonly batch: number
}

export interface FaultOutcome {
  readonly unknown: number
  readonly rejected: number
  /** One a subscription. */
  readonly findings: readonly Findings[]
  /** Identities that came more than once, and how many of them came to different consumers. */
  readonly duplicates: number
  readonly duplicatesApart: number
  /** Identities that never came to the first subscription. */
  readonly missing: readonly number[]
}

const signal = new AbortController().signal
const PRODUCER_STEP = 1_000_000
const HEADROOM_US = 60e6

/** Sends the messages through the fake on a simulated clock and audits what came, the plain way. */
export async function runFaults(run: FaultRun): Promise<FaultOutcome> {
  const clock = new SimClock()
  const driver = createFakeDriver({ clock, system: createFakeSystem(clock), options: run.options })
  const names = Array.from({ length: run.subscriptions }, (_, i) => `sub-${i}`)
  await driver.open(signal)
  await driver.createTopics([{ name: 't', partitions: run.partitions, subscriptions: names }], signal)
  const received = new Map<string, number[][]>()
  for (const name of names) received.set(name, await createConsumers(driver, name, run))
  const outcomes = new Map<number, Outcome>()
  const streams = await sendAll(driver, run, clock, outcomes)
  await clock.advanceTo(clock.nowUs() + HEADROOM_US)

  const lists = names.map((name) => received.get(name)!)
  const counts = lists.map((consumers) => occurrences(consumers))
  return {
    unknown: [...outcomes.values()].filter((outcome) => outcome === 'unknown').length,
    rejected: [...outcomes.values()].filter((outcome) => outcome === 'rejected').length,
    findings: lists.map((consumers, i) => audit(consumers, counts[i]!, streams, outcomes)),
    duplicates: [...counts[0]!.values()].filter(({ total }) => total > 1).length,
    missing: [...streams.keys()].filter((identity) => !counts[0]!.has(identity)),
    duplicatesApart: [...counts[0]!.values()].filter(({ consumers }) => consumers.size > 1).length,
  }
}

async function createConsumers(driver: Driver, subscription: string, run: FaultRun): Promise<number[][]> {
  const lists: number[][] = []
  for (let index = 0; index < run.consumersPerSubscription; index++) {
    const list: number[] = []
    lists.push(list)
    await driver.createConsumer(
      {
        topic: 't',
        partitions: run.partitions,
        subscription,
        name: `${subscription}-${index}`,
        startAt: 'latest',
        consumersOfSubscription: run.consumersPerSubscription,
        indexInSubscription: index,
        onBatch(batch) {
          for (let i = 0; i < batch.count; i++) list.push(readMessage(batch.value(i)))
          batch.acknowledge()
        },
        onError(kind) {
          throw new Error(kind)
        },
      },
      signal,
    )
  }
  return lists
}

/** Returns the stream of each identity. */
async function sendAll(
  driver: Driver,
  run: FaultRun,
  clock: SimClock,
  outcomes: Map<number, Outcome>,
): Promise<Map<number, string>> {
  const streams = new Map<number, string>()
  const producers = await Promise.all(
    Array.from({ length: run.producers }, (_, id) =>
      driver.createProducer(
        {
          topic: 't',
          partitions: run.partitions,
          name: `p-${id}`,
          onSettled(first, count, outcome) {
            for (let i = first; i < first + count; i++) outcomes.set(i, outcome)
          },
          onWritable() {},
        },
        signal,
      ),
    ),
  )
  for (let sent = 0, turn = 0; sent < run.messages; turn++) {
    const id = turn % run.producers
    const firstSequence = id * PRODUCER_STEP + Math.floor(turn / run.producers) * run.batch
    const count = Math.min(run.batch, run.messages - sent)
    const identities = Array.from({ length: count }, (_, i) => firstSequence + i)
    const stream = (at: number) => (run.keyed ? at : turn) % run.streams
    for (const [i, identity] of identities.entries()) streams.set(identity, `${id}/${stream(sent + i)}`)
    producers[id]!.send({
      firstSequence,
      count,
      partition: run.keyed ? -1 : stream(sent),
      values: identities.map((identity) => makeMessage(identity, 32)),
      keys: run.keyed ? identities.map((_, i) => `k${stream(sent + i)}`) : null,
    })
    sent += count
    await clock.advanceTo(clock.nowUs() + 1000)
  }
  return streams
}

interface Occurrences {
  total: number
  readonly consumers: Set<number>
}

function occurrences(consumers: readonly (readonly number[])[]): Map<number, Occurrences> {
  const counts = new Map<number, Occurrences>()
  for (const [index, list] of consumers.entries()) {
    for (const identity of list) {
      if (identity < 0) continue
      const one = counts.get(identity) ?? { total: 0, consumers: new Set<number>() }
      one.total++
      one.consumers.add(index)
      counts.set(identity, one)
    }
  }
  return counts
}

function audit(
  consumers: readonly (readonly number[])[],
  counts: ReadonlyMap<number, Occurrences>,
  streams: ReadonlyMap<number, string>,
  outcomes: ReadonlyMap<number, Outcome>,
): Findings {
  const missing = [...streams.keys()].filter((identity) => !counts.has(identity))
  let duplicated = 0
  for (const { total } of counts.values()) duplicated += total - 1
  let outOfOrder = 0
  for (const list of consumers) {
    const highest = new Map<string, number>()
    const seen = new Set<number>()
    for (const identity of list) {
      if (identity < 0 || seen.has(identity)) continue
      seen.add(identity)
      const stream = streams.get(identity)!
      if (identity < (highest.get(stream) ?? -1)) outOfOrder++
      else highest.set(stream, identity)
    }
  }
  return {
    lost: missing.length,
    acknowledgedLost: missing.filter((identity) => outcomes.get(identity) === 'acknowledged').length,
    duplicated,
    outOfOrder,
    corrupted: consumers.flat().filter((identity) => identity < 0).length,
  }
}
