import type { TrialResult } from '../src/result/result.ts'
import type { SearchResult } from '../src/result/search.ts'
import { makeTrialResult } from '../src/run/merge.ts'
import { searchRate } from '../src/run/search-rate.ts'
import { runTrial } from '../src/run/trial.ts'
import type { Side, Workload } from '../src/workload/model.ts'
import { SEARCH_DEFAULTS, type SearchOptions } from '../src/workload/search.ts'
import { JumpClock } from './jump-clock.ts'
import { ModelBroker, type ModelOptions } from './model-broker.ts'
import { simCrew } from './sim-crew.ts'

/** A search without service levels. */
export const SIM_SEARCH: SearchOptions = SEARCH_DEFAULTS

/** A model of which only what matters is said. */
export function model(options: Partial<ModelOptions> & Pick<ModelOptions, 'publishHz'>): ModelOptions {
  return {
    drainHz: [options.publishHz * 1.5],
    latencyUs: 5_000,
    noise: 0,
    seed: 1,
    maxQueue: Number.MAX_SAFE_INTEGER,
    ...options,
  }
}

export interface SimulatedSearch {
  readonly result: SearchResult
  /** One a step. */
  readonly trials: readonly TrialResult[]
}

/** The product's own search, trials, verdicts and histograms on a model; in an instant. */
export async function simulateSearch(
  options: ModelOptions,
  search: Partial<SearchOptions> = {},
): Promise<SimulatedSearch> {
  const clock = new JumpClock()
  const broker = new ModelBroker(options)
  const trials: TrialResult[] = []
  const subscriptions = options.drainHz.length
  const result = await searchRate({
    options: { ...SIM_SEARCH, ...search },
    subscriptions,
    clock,
    signal: new AbortController().signal,
    firstPlace: 0,
    runStep: async ({ rateHz }, place) => {
      broker.newTopics()
      const trial = await simulateTrial(clock, broker, {
        ...workloadOf(subscriptions),
        producerRateHz: rateHz,
      })
      trials.push({ ...trial, place })
      // As the product does: what did not drain may still be at work.
      if (!trial.drain.complete) broker.restart()
      return { trial }
    },
  })
  return { result, trials }
}

async function simulateTrial(
  clock: JumpClock,
  broker: ModelBroker,
  workload: Workload,
): Promise<TrialResult> {
  const record = await runTrial({
    workload,
    side: SIDE,
    servers: [],
    workers: 1,
    seed: 1,
    clock,
    tell: () => {},
    signal: new AbortController().signal,
    onMeasure: () => {},
    drainMs: SEARCH_DEFAULTS.drainS * 1000,
    startCrew: simCrew(clock, broker),
  })
  return makeTrialResult({ record, workload, broker: null, servers: [], machine: {}, usage: null })
}

const SIDE: Side = {
  label: 'model',
  driver: 'fake',
  config: { shape: 'log' },
  servers: [],
  file: 'model',
  settings: {},
  ignored: [],
}

function workloadOf(subscriptionsPerTopic: number): Workload {
  return {
    name: 'search',
    topics: 1,
    partitionsPerTopic: 1,
    keyDistributor: 'NO_KEY',
    messageBytes: 1024,
    payload: { kind: 'fixed' },
    subscriptionsPerTopic,
    producersPerTopic: 1,
    consumersPerSubscription: 1,
    producerRateHz: 1,
    consumerRateHz: null,
    warmupS: SEARCH_DEFAULTS.settleS,
    durationS: SEARCH_DEFAULTS.stepS,
    drivers: null,
  }
}
