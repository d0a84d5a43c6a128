import { SimClock } from '../../src/clock/sim-clock.ts'
import type { Driver } from '../../src/driver/driver.ts'
import { type AuditMerge, auditInputOf, mergeAudit } from '../../src/engine/audit-merge.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { mergeHistograms } from '../../src/engine/histogram.ts'
import type {
  EncodedHistogram,
  EngineReport,
  EngineSpec,
  LatencyName,
  Phase,
} from '../../src/engine/types.ts'
import type { LatencySummary } from '../../src/result/result.ts'
import { summarise } from '../../src/result/summary.ts'
import { createFakeBroker, type FakeBroker, type FakeOptions } from './fake-broker.ts'

const EPOCH_US = 10_000
const signal = new AbortController().signal

export interface TrialOptions {
  readonly spec?: Partial<EngineSpec>
  /** Engines (as if processes) that share the producers and consumers. */
  readonly engines?: number
  readonly producers?: number
  readonly subscriptions?: number
  readonly consumersPerSubscription?: number
  readonly consumerRateHz?: number
  /** Times are µs from the epoch. */
  readonly fake?: FakeOptions
  readonly drainUs?: number
  /** Ends the trial here instead, µs from the epoch: as Ctrl-C does. */
  readonly stopUs?: number
  /** Called at the given µs from the epoch, between turns. */
  readonly at?: readonly (readonly [
    us: number,
    action: (clock: SimClock, engines: readonly Engine[]) => void,
  ])[]
  readonly maxAuditBytes?: number
  /** Puts something between the engines and the fake. */
  readonly wrap?: (driver: Driver) => Driver
}

export interface Trial {
  readonly reports: readonly EngineReport[]
  readonly audit: AuditMerge
  readonly broker: FakeBroker
  readonly engines: readonly Engine[]
  readonly endUs: number
  histogram(latency: LatencyName, phase?: Phase): EncodedHistogram
  summary(latency: LatencyName, phase?: Phase): LatencySummary
}

/** Runs engines against one fake broker in simulated time, to the end. */
export async function runTrial(options: TrialOptions = {}): Promise<Trial> {
  const clock = new SimClock()
  const broker = createFakeBroker(clock, shifted(options.fake ?? {}))
  const specs = engineSpecs(options)
  const { warmupUs, measureUs } = specs[0]!
  const engines = specs.map((spec) =>
    createEngine({
      spec,
      driver: (options.wrap ?? ((driver) => driver))(broker.driver),
      clock,
      ...(options.maxAuditBytes === undefined ? {} : { maxAuditBytes: options.maxAuditBytes }),
    }),
  )
  for (const engine of engines) await engine.prepareConsumers(signal)
  for (const engine of engines) await engine.prepareProducers(signal)
  for (const engine of engines) engine.start(EPOCH_US)
  for (const [us, action] of options.at ?? []) {
    clock.schedule((EPOCH_US + us) / 1000, () => action(clock, engines))
  }
  await clock.advanceTo(EPOCH_US + (options.stopUs ?? warmupUs + measureUs + (options.drainUs ?? 2_000_000)))
  const endUs = clock.nowUs() - EPOCH_US
  const reports: EngineReport[] = []
  for (const engine of engines) reports.push(await engine.finish(signal, endUs))
  const audit = mergeAudit(auditInputOf(reports, subscriptionNames(options), endUs))
  const histogram = (latency: LatencyName, phase: Phase = 'measure') =>
    mergeHistograms(reports.flatMap((report) => report.histograms[phase][latency] ?? []))
  return {
    reports,
    audit,
    broker,
    engines,
    endUs,
    histogram,
    summary(latency, phase = 'measure') {
      const censored =
        latency === 'publish'
          ? mergeHistograms(reports.map((report) => report.censoredPublish[phase]))
          : latency === 'endToEnd'
            ? audit.censoredEndToEnd[phase]
            : mergeHistograms([])
      return summarise(histogram(latency, phase), censored)
    },
  }
}

/** Sum of a field of the producer counts of a phase over all engines. */
export function total(
  trial: Trial,
  field: 'scheduled' | 'sent' | 'acknowledged' | 'rejected' | 'unknown',
  phase: Phase = 'measure',
): number {
  return trial.reports.reduce((sum, report) => sum + report.producerCounts[phase][field], 0)
}

function subscriptionNames({ subscriptions = 1 }: TrialOptions) {
  return Array.from({ length: subscriptions }, (_, i) => ({ topic: 'topic', subscription: `sub-${i}` }))
}

/** What each engine of a trial does. */
export function engineSpecs(options: TrialOptions): EngineSpec[] {
  const { engines = 1, producers = 1, consumersPerSubscription = 1 } = options
  const names = subscriptionNames(options)
  const producerPlans = Array.from({ length: producers }, (_, id) => ({ id, topic: 'topic' }))
  const consumerPlans = names.flatMap((name, n) =>
    Array.from({ length: consumersPerSubscription }, (_, indexInSubscription) => ({
      ...name,
      id: n * consumersPerSubscription + indexInSubscription,
      indexInSubscription,
      consumersOfSubscription: consumersPerSubscription,
      rateHz: options.consumerRateHz ?? null,
    })),
  )
  return Array.from({ length: engines }, (_, e) => ({
    runId: 42,
    messageBytes: 200,
    payload: { kind: 'fixed' },
    keyDistributor: 'NO_KEY',
    seed: 1,
    rateHz: 1000,
    producerCount: producers,
    warmupUs: 0,
    measureUs: 2_000_000,
    partitions: 1,
    producers: producerPlans.filter(({ id }) => id % engines === e),
    consumers: consumerPlans.filter(({ id }) => id % engines === e),
    ...options.spec,
  }))
}

function shifted(fake: FakeOptions): FakeOptions {
  const shift = (windows: FakeOptions['blocks']) =>
    windows?.map(([from, to]) => [from + EPOCH_US, to + EPOCH_US] as const) ?? []
  return {
    ...fake,
    blocks: shift(fake.blocks),
    refuses: shift(fake.refuses),
    silentFromUs: (fake.silentFromUs ?? Number.POSITIVE_INFINITY) + EPOCH_US,
  }
}
