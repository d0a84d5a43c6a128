// Custom figures of how evenly a system answers: name this file in a workload (`metrics: metrics/tail.ts`) or on the
// command line (`bench run … --metrics workloads/metrics/tail.ts`). docs/custom-figures.md explains the form.
import type { Figure } from '../../src/metrics/types.ts'

export const figures: readonly Figure[] = [
  {
    name: 'publish p99.9 over median',
    unit: '×',
    better: 'lower',
    note: 'how much longer the slowest of a thousand waits than the one in the middle',
    value: ({ trial }) => {
      const { count, p50, p999 } = trial.phases.measure.latencies.publish.summary
      return count === 0 || p50.us === 0 ? null : p999.us / p50.us
    },
  },
  {
    name: 'seconds with a stall',
    unit: 's',
    better: 'lower',
    note: 'seconds of measure in which a message waited 100 ms or more for its acknowledgement',
    value: ({ trial }) =>
      trial.intervals.filter(
        ({ phase, latencies }) => phase === 'measure' && (latencies.publish?.maxUs ?? 0) >= 100_000,
      ).length,
  },
]
