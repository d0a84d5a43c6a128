import { recordCensored } from '../src/engine/censor.ts'
import { EMPTY_HISTOGRAM, Recorder } from '../src/engine/histogram.ts'
import { createPacer } from '../src/engine/pacer.ts'
import { constantSchedule, countBefore } from '../src/engine/schedule.ts'
import { serialiseSet } from '../src/engine/sequence-codec.ts'
import { SequenceSet } from '../src/engine/sequence-set.ts'
import type {
  ConsumerPlan,
  EncodedHistogram,
  EngineInterval,
  EngineReport,
  EngineSpec,
  Phase,
  ProducerCounts,
} from '../src/engine/types.ts'
import type { WorkerProgress } from '../src/worker/protocol.ts'
import { type ModelBroker, SLICE_US } from './model-broker.ts'
import { SimLedger } from './sim-ledger.ts'

/** Time after measure in which a debt may still be sent. */
const LAST_SENDS_US = 1_000_000
const MAX_CHECKPOINTS = 1_000

/** All producers and consumers of one trial on a model, as ranges of one schedule. */
export class SimLoad {
  readonly #broker: ModelBroker
  readonly #spec: EngineSpec
  readonly #consumers: readonly ConsumerPlan[]
  readonly #schedule
  readonly #pacer
  readonly #warmupCount: number
  readonly #published: SimLedger
  readonly #received: readonly SimLedger[]
  readonly #endUs: number
  #epochUs = Number.POSITIVE_INFINITY
  #workedUs = Number.POSITIVE_INFINITY
  #sent = 0

  constructor(broker: ModelBroker, spec: EngineSpec, consumers: readonly ConsumerPlan[]) {
    this.#broker = broker
    this.#spec = spec
    this.#consumers = consumers
    this.#endUs = spec.warmupUs + spec.measureUs
    this.#schedule = constantSchedule({
      rateHz: spec.rateHz,
      durationUs: this.#endUs,
      share: { index: 0, of: 1 },
    })
    this.#pacer = createPacer(this.#schedule, Number.MAX_SAFE_INTEGER)
    this.#warmupCount = countBefore(this.#schedule, spec.warmupUs)
    this.#published = new SimLedger(this.#schedule, this.#warmupCount)
    this.#received = consumers.map(() => new SimLedger(this.#schedule, this.#warmupCount))
  }

  start(epochUs: number): void {
    this.#epochUs = epochUs
    this.#workedUs = epochUs
  }

  /** Lives through the time up to `nowUs`. */
  advanceTo(nowUs: number): void {
    while (this.#workedUs + SLICE_US <= nowUs) {
      const endUs = this.#workedUs + SLICE_US
      this.#send(endUs - this.#epochUs)
      const { published, received } = this.#broker.work(this.#workedUs)
      this.#published.add(published)
      received.forEach((done, i) => {
        this.#received[i]!.add(done)
      })
      this.#workedUs = endUs
      this.#published.see(endUs, this.#epochUs)
      for (const ledger of this.#received) ledger.see(endUs, this.#epochUs)
    }
  }

  progress(role: 'producer' | 'consumer'): WorkerProgress {
    if (role === 'consumer') {
      const distinctReceived = this.#receivedCount()
      return { sent: 0, settled: 0, acknowledged: 0, unknown: 0, distinctReceived, sendingDone: true }
    }
    const acknowledged = this.#published.seen
    const elapsedUs = this.#workedUs - this.#epochUs
    const isOver = this.#pacer.finished(this.#sent) || elapsedUs > this.#endUs + LAST_SENDS_US
    const sendingDone = elapsedUs >= this.#endUs && isOver
    return {
      sent: this.#sent,
      settled: acknowledged,
      acknowledged,
      unknown: 0,
      distinctReceived: 0,
      sendingDone,
    }
  }

  interval(role: 'producer' | 'consumer', startUs: number, endUs: number): EngineInterval {
    const received = role === 'consumer' ? this.#receivedCount() : 0
    return {
      startUs,
      endUs,
      producer: role === 'producer' ? this.#countsSoFar(endUs) : NO_COUNTS,
      consumer: { received, corrupted: 0, foreign: 0 },
      distinctReceived: received,
      histograms: {},
      cpuUs: 0,
      rssBytes: 0,
    }
  }

  report(role: 'producer' | 'consumer', endUs: number): EngineReport {
    return role === 'producer' ? this.#producerReport(endUs) : this.#consumerReport()
  }

  #send(elapsedUs: number): void {
    if (elapsedUs > this.#endUs + LAST_SENDS_US) return
    const count = Math.min(this.#broker.room, this.#pacer.nextBatch(elapsedUs, this.#sent))
    this.#broker.accept(count)
    this.#sent += count
  }

  #receivedCount(): number {
    return this.#received.reduce((sum, ledger) => sum + ledger.seen, 0)
  }

  #countsSoFar(elapsedUs: number): ProducerCounts {
    const scheduled = elapsedUs >= 0 ? this.#schedule.dueCount(Math.min(elapsedUs, this.#endUs)) : 0
    return { scheduled, sent: this.#sent, acknowledged: this.#published.seen, rejected: 0, unknown: 0 }
  }

  /** What was sent and never acknowledged ends as unknown, as when a producer is closed. */
  #producerReport(endUs: number): EngineReport {
    const total = this.#schedule.totalCount
    const split = (count: number) => {
      const warmup = Math.min(count, this.#warmupCount)
      return { warmup, measure: count - warmup }
    }
    const [scheduled, sent, acknowledged] = [split(total), split(this.#sent), split(this.#published.seen)]
    const counts = (phase: Phase): ProducerCounts => ({
      scheduled: scheduled[phase],
      sent: sent[phase],
      acknowledged: acknowledged[phase],
      rejected: 0,
      unknown: sent[phase] - acknowledged[phase],
    })
    const { topic } = this.#spec.producers[0]!
    return {
      ...EMPTY_REPORT,
      producerCounts: { warmup: counts('warmup'), measure: counts('measure') },
      histograms: {
        warmup: { publish: this.#published.histogram('warmup') },
        measure: { publish: this.#published.histogram('measure') },
      },
      censoredPublish: this.#missing(this.#published.seen, endUs),
      neverSent: [{ topic, latencies: this.#missing(this.#sent, endUs) }],
      sentStreams: this.#sentStreams(topic),
    }
  }

  /** Lower bounds of the messages from `seen` on. */
  #missing(seen: number, endUs: number): Record<Phase, EncodedHistogram> {
    const { totalCount } = this.#schedule
    const part = (from: number, to: number) => {
      const recorder = new Recorder()
      recordCensored(recorder, this.#schedule, Math.max(from, seen), to, endUs)
      return recorder.encode()
    }
    return { warmup: part(0, this.#warmupCount), measure: part(this.#warmupCount, totalCount) }
  }

  #sentStreams(topic: string): EngineReport['sentStreams'] {
    const sent = this.#sent
    if (sent === 0) return []
    const checkpointStride = Math.ceil(sent / MAX_CHECKPOINTS)
    const instants: number[] = []
    for (let i = 0; i < sent; i += checkpointStride) instants.push(Math.floor(this.#schedule.instantUs(i)))
    if ((sent - 1) % checkpointStride !== 0) instants.push(Math.floor(this.#schedule.instantUs(sent - 1)))
    const unknown = sent - this.#published.seen
    return [
      {
        producer: 0,
        topic,
        stream: 0,
        sent,
        measureFrom: Math.min(sent, this.#warmupCount),
        rejected: [],
        unknown: unknown === 0 ? [] : [this.#published.seen, unknown],
        checkpointStride,
        checkpointsUs: instants,
      },
    ]
  }

  #consumerReport(): EngineReport {
    const counts = (received: number) => ({ received, corrupted: 0, foreign: 0 })
    const recorded = (phase: Phase) => {
      const recorder = new Recorder()
      for (const ledger of this.#received) recorder.addEncoded(ledger.histogram(phase))
      return { endToEnd: recorder.encode() }
    }
    return {
      ...EMPTY_REPORT,
      consumerCounts: counts(this.#receivedCount()),
      subscriptionCounts: this.#consumers.map(({ topic, subscription }, i) => ({
        topic,
        subscription,
        ...counts(this.#received[i]!.seen),
      })),
      histograms: { warmup: recorded('warmup'), measure: recorded('measure') },
      receivedStreams: this.#consumers.map(({ topic, subscription }, i) => ({
        topic,
        subscription,
        producer: 0,
        stream: 0,
        set: serialiseSet(SequenceSet.fromParts(this.#received[i]!.seen, new Map())),
        deliveries: this.#received[i]!.seen,
        outOfOrder: 0,
        redelivered: 0,
        redeliveredFirst: 0,
        wrongPartition: 0,
      })),
    }
  }
}

const NO_COUNTS: ProducerCounts = { scheduled: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }

const EMPTY_REPORT: EngineReport = {
  producerCounts: { warmup: NO_COUNTS, measure: NO_COUNTS },
  consumerCounts: { received: 0, corrupted: 0, foreign: 0 },
  subscriptionCounts: [],
  histograms: { warmup: {}, measure: {} },
  censoredPublish: { warmup: EMPTY_HISTOGRAM, measure: EMPTY_HISTOGRAM },
  neverSent: [],
  sentStreams: [],
  receivedStreams: [],
  auditOverflowed: false,
  publishErrors: {},
  consumeErrors: {},
  contractBreaches: [],
}
