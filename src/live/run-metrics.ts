import type { SecondLatency } from '../run/events.ts'
import type { Family, Labels, Sample } from './open-metrics.ts'
import type { LivePhase, PhaseTotals, SideTotals, Totals } from './totals.ts'

/** What does not change while the run goes on. */
export interface RunFacts {
  readonly id: string
  readonly workload: string
  readonly version: string
  readonly trialsPerSide: number
}

/** Counters: sums over all trials of a side, so that they only grow. */
const COUNTERS: readonly (readonly [
  keyof Omit<PhaseTotals, 'errors' | 'publishCount' | 'endToEndCount'>,
  string,
])[] = [
  ['scheduled', 'Messages that were due.'],
  ['acknowledged', 'Messages that the system acknowledged.'],
  ['rejected', 'Messages that the system rejected.'],
  ['unknown', 'Messages whose fate is not known.'],
  ['received', 'Deliveries to consumers, all subscriptions together.'],
]

/** All that `/metrics` tells, by side and phase. Latencies are those of the last second, as they came in. Pure. */
export function runMetrics(facts: RunFacts, totals: Totals, ended: boolean): Family[] {
  const { sides, current } = totals
  const run: Family = {
    name: 'bench_run',
    type: 'info',
    help: 'The experiment.',
    samples: [
      {
        suffix: '_info',
        labels: { id: facts.id, workload: facts.workload, version: facts.version },
        value: 1,
      },
    ],
  }
  const counters = COUNTERS.map(
    ([key, help]): Family => ({
      name: `bench_messages_${key}`,
      type: 'counter',
      help,
      samples: ofPhases(sides, (labels, phase) => [{ suffix: '_total', labels, value: phase[key] }]),
    }),
  )
  return [
    run,
    gauge('bench_run_ended', 'Whether the run is over.', [[{}, ended ? 1 : 0]]),
    ...trialFamilies(facts, totals),
    ...counters,
    errorFamily(sides),
    ...secondFamilies(totals),
    latencyFamily('publish', 'Scheduled instant to acknowledgement.', sides, current?.second ?? null),
    latencyFamily('endToEnd', 'Scheduled instant to delivery.', sides, current?.second ?? null),
  ]
}

function trialFamilies({ trialsPerSide }: RunFacts, { sides, current }: Totals): Family[] {
  const done = sides.flatMap(({ label, verdicts }) =>
    [...verdicts.values()].map(
      ({ measurement, integrity, count }): Sample => ({
        suffix: '_total',
        labels: { side: label, measurement, integrity },
        value: count,
      }),
    ),
  )
  const failed = sides.map(
    ({ label, failedTrials }): Sample => ({ suffix: '_total', labels: { side: label }, value: failedTrials }),
  )
  return [
    gauge(
      'bench_trials_planned',
      'Trials of each side.',
      sides.map(({ label }) => [{ side: label }, trialsPerSide]),
    ),
    { name: 'bench_trials_done', type: 'counter', help: 'Trials with their verdicts.', samples: done },
    { name: 'bench_trials_failed', type: 'counter', help: 'Trials not prepared.', samples: failed },
    gauge(
      'bench_trial_number',
      'The trial under way.',
      current === null ? [] : [[{ side: current.trial.side }, current.trial.number]],
    ),
  ]
}

/** Of the side under test only: a gauge of a trial that is over would be an old value that looks new. */
function secondFamilies({ current }: Totals): Family[] {
  const second = current?.second ?? null
  if (second === null) return []
  const labels = { side: second.side, phase: second.phase }
  return [
    gauge('bench_trial_elapsed_seconds', 'Time since the first message was due.', [
      [labels, second.elapsedS],
    ]),
    gauge('bench_scheduled_messages_per_second', 'Rate offered in the last second.', [
      [labels, second.scheduledHz],
    ]),
    gauge('bench_acknowledged_messages_per_second', 'Rate acknowledged in the last second.', [
      [labels, second.acknowledgedHz],
    ]),
    gauge('bench_received_messages_per_second', 'Rate delivered in the last second.', [
      [labels, second.receivedHz],
    ]),
    gauge('bench_unacknowledged_messages', 'Due and not yet acknowledged.', [[labels, second.behind]]),
    gauge('bench_backlog_messages', 'Due and not yet delivered, for one subscription.', [
      [labels, second.backlog],
    ]),
  ]
}

function gauge(name: string, help: string, values: readonly (readonly [Labels, number])[]): Family {
  return {
    name,
    type: 'gauge',
    help,
    samples: values.map(([labels, value]) => ({ suffix: '', labels, value })),
  }
}

function errorFamily(sides: readonly SideTotals[]): Family {
  return {
    name: 'bench_errors',
    type: 'counter',
    help: 'Failures of publishing and consuming by kind.',
    samples: ofPhases(sides, (labels, { errors }) =>
      [...errors].map(([kind, value]) => ({ suffix: '_total', labels: { ...labels, kind }, value })),
    ),
  }
}

const LATENCY_NAMES = {
  publish: 'bench_publish_latency_seconds',
  endToEnd: 'bench_end_to_end_latency_seconds',
}
const COUNT_KEYS = { publish: 'publishCount', endToEnd: 'endToEndCount' } as const

/** Counts over all trials; quantiles of the last second of the trial under way. */
function latencyFamily(
  name: 'publish' | 'endToEnd',
  help: string,
  sides: readonly SideTotals[],
  second: NonNullable<Totals['current']>['second'],
): Family {
  const samples = sides.flatMap(({ label, phases }) =>
    [...phases].flatMap(([phase, totals]): Sample[] => {
      const labels = { side: label, phase }
      const isNow = second !== null && second.side === label && second.phase === phase
      const latency = isNow ? second[name] : null
      return [
        ...(latency === null ? [] : quantileSamples(labels, latency)),
        { suffix: '_count', labels, value: totals[COUNT_KEYS[name]] },
      ]
    }),
  )
  const text = `${help} Quantiles are of the last second.`
  return { name: LATENCY_NAMES[name], type: 'summary', unit: 'seconds', help: text, samples }
}

function quantileSamples(labels: Labels, { p50Us, p99Us, maxUs }: SecondLatency): Sample[] {
  return [['0.5', p50Us] as const, ['0.99', p99Us] as const, ['1', maxUs] as const].map(([quantile, us]) => ({
    suffix: '',
    labels: { ...labels, quantile },
    value: us / 1e6,
  }))
}

function ofPhases(
  sides: readonly SideTotals[],
  samples: (labels: Labels, phase: PhaseTotals) => readonly Sample[],
): Sample[] {
  return sides.flatMap(({ label, phases }) =>
    [...phases].flatMap(([phase, totals]: [LivePhase, PhaseTotals]) =>
      samples({ side: label, phase }, totals),
    ),
  )
}
