import type { SearchOptions } from '../src/workload/search.ts'
import type { ModelOptions } from './model-broker.ts'
import { model } from './sim-search.ts'

/** A model whose sustainable rate is known. */
export interface SearchCase {
  readonly title: string
  readonly limitHz: number
  make(seed: number): ModelOptions
}

const NOISE = 0.03

/** On the first three the search of the OpenMessaging Benchmark ends at 58 %, 13 % and 10 %; slow subscriptions it never notices. */
export const KNOWN_CASES: readonly SearchCase[] = [
  {
    title: '500,000 msg/s at 5 ms',
    limitHz: 500_000,
    make: (seed) => model({ publishHz: 500_000, latencyUs: 5_000, noise: NOISE, seed }),
  },
  {
    title: '1,000,000 msg/s at 10 ms',
    limitHz: 1_000_000,
    make: (seed) => model({ publishHz: 1_000_000, latencyUs: 10_000, noise: NOISE, seed }),
  },
  {
    title: '50,000 msg/s at 200 ms',
    limitHz: 50_000,
    make: (seed) => model({ publishHz: 50_000, latencyUs: 200_000, noise: NOISE, seed }),
  },
  {
    title: 'two subscriptions draining 60 % of what producers can send',
    limitHz: 30_000,
    make: (seed) => model({ publishHz: 50_000, drainHz: [30_000, 30_000], noise: NOISE, seed }),
  },
  {
    title: 'one of two subscriptions draining 60 % of what producers can send',
    limitHz: 30_000,
    make: (seed) => model({ publishHz: 50_000, drainHz: [90_000, 30_000], noise: NOISE, seed }),
  },
]

/** A model on which a search may go wrong. */
export interface HardCase {
  readonly title: string
  make(seed: number): ModelOptions
  readonly search?: Partial<SearchOptions>
  /** What the rate found must lie between; null: none may be found. */
  readonly between: readonly [number, number] | null
  /** Said in some sentence. */
  readonly says: RegExp
}

/** The search must end, within its bounds, and say the truth. */
export const HARD_CASES: readonly HardCase[] = [
  {
    title: 'latency leaps at 70 % of the capacity, and there is a limit on it',
    make: (seed) =>
      model({
        publishHz: 100_000,
        noise: 0.01,
        seed,
        behaviour: ({ load }) => ({ latencyFactor: load > 0.7 ? 50 : 1 }),
      }),
    search: { slos: ['publish.p99 < 20ms'] },
    between: [60_000, 73_000],
    says: /publish\.p99 was .* \(SLO: < 20ms\)/,
  },
  {
    title: 'half of the capacity for good after an overload, until it is restarted',
    make: (seed) =>
      model({
        publishHz: 100_000,
        noise: 0.01,
        seed,
        behaviour: ({ wasOverloaded }) => ({ capacityFactor: wasOverloaded ? 0.5 : 1 }),
      }),
    between: [47_000, 103_000],
    says: /was refused/,
  },
  {
    title: 'capacity that collapses while more than 0.3 s wait',
    make: (seed) =>
      model({
        publishHz: 100_000,
        noise: 0.03,
        seed,
        behaviour: ({ queuedS }) => ({ capacityFactor: queuedS > 0.3 ? 0.3 : 1 }),
      }),
    between: [90_000, 103_000],
    says: /was refused/,
  },
  {
    title: 'slower with every minute that it is up',
    make: (seed) =>
      model({
        publishHz: 100_000,
        noise: 0.01,
        seed,
        behaviour: ({ upS }) => ({ capacityFactor: Math.max(0.2, 1 - upS / 600) }),
      }),
    between: [20_000, 90_000],
    says: /was refused/,
  },
  {
    title: 'stops for a second in every seven',
    make: (seed) =>
      model({
        publishHz: 100_000,
        noise: 0.03,
        seed,
        behaviour: ({ upS }) => ({ capacityFactor: upS % 7 < 1 ? 0 : 1 }),
      }),
    between: [20_000, 103_000],
    says: /was refused/,
  },
  {
    title: 'noise of 20 %',
    make: (seed) => model({ publishHz: 100_000, noise: 0.2, seed }),
    between: [55_000, 110_000],
    says: /was refused|did not come to an end/,
  },
  {
    title: 'takes three messages a second',
    make: (seed) => model({ publishHz: 3.5, drainHz: [10], seed }),
    between: [1, 4],
    says: /can be sustained/,
  },
  {
    title: 'takes nothing',
    make: (seed) => model({ publishHz: 1e-6, drainHz: [1], seed }),
    between: null,
    says: /No rate can be sustained: not even 1 msg\/s held/,
  },
  {
    title: 'takes whatever may be offered',
    make: (seed) => model({ publishHz: 1e9, noise: 0.03, seed }),
    search: { maxHz: 300_000 },
    between: [300_000, 300_000],
    says: /the limit may lie higher/,
  },
  {
    title: 'a queue of 1,000 messages that pushes back',
    make: (seed) => model({ publishHz: 100_000, noise: 0.03, seed, maxQueue: 5_000 }),
    between: [90_000, 103_000],
    says: /not acknowledged grew/,
  },
  {
    title: 'a limit that no rate meets',
    make: (seed) => model({ publishHz: 100_000, seed }),
    search: { slos: ['publish.p99 < 1ms'] },
    between: null,
    says: /No rate can be sustained with publish\.p99 < 1ms/,
  },
]
