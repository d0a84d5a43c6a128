import { countText, plural } from '../../result/figures.ts'
import { plannedRateHz } from '../../result/rates.ts'
import type { ExperimentResult, SideResult } from '../../result/result.ts'
import { scheduleText } from '../../workload/schedule-text.ts'
import { atRatesFound } from '../search/found-trials.ts'
import { sideTrialsOf } from '../verdict/index.ts'
import { valuesOfTrial } from './figures.ts'
import type { ComparedTrial, Source, SourceSide, WorkloadFacts } from './source.ts'

/** An experiment of bench as something to compare. Pure. */
export function benchSource(
  whole: ExperimentResult,
  name: string,
  files: readonly string[],
  digest: string,
): Source {
  // Steps of a search were there to be too much or too little: only those at the rate found are compared.
  const result = atRatesFound(whole)
  const figures = sideTrialsOf(result.sides, result.costs)
  return {
    name,
    title: result.id,
    kind: 'bench',
    files,
    digest,
    workload: result.workload.name,
    startedAt: result.startedAt,
    facts: factsOf(result),
    environment: environmentOf(result),
    strict: result.strict ?? false,
    partial: result.partial,
    sides: result.sides.map((side, i): SourceSide => {
      const trials = side.trials.map((trial, j): ComparedTrial => {
        const judged = figures[i]!.trials[j]!
        return {
          ...judged,
          rateHz: plannedRateHz(trial, result.workload),
          values: valuesOfTrial(trial, judged.figures.costPerMillion),
        }
      })
      return {
        label: side.label,
        driver: side.driver,
        trials,
        measured: side,
        notes: notesOf(side),
      }
    }),
    result: whole,
  }
}

/** All but the rate, of which an experiment may have several: each trial knows its own. */
function factsOf({ workload }: ExperimentResult): WorkloadFacts {
  const { payload, consumerRateHz } = workload
  const payloadText =
    payload.kind === 'random'
      ? `${payload.poolSize} of ${Math.round(payload.randomRatio * 100)} % random bytes`
      : payload.kind === 'file'
        ? 'from a file'
        : 'fixed'
  return {
    'message size': plural(workload.messageBytes, 'byte'),
    topics: countText(workload.topics),
    'partitions of a topic': countText(workload.partitionsPerTopic),
    'producers of a topic': countText(workload.producersPerTopic),
    'subscriptions of a topic': countText(workload.subscriptionsPerTopic),
    'consumers of a subscription': countText(workload.consumersPerSubscription),
    keys: workload.keyDistributor,
    payload: payloadText,
    'rate of consumers': consumerRateHz === null ? 'not limited' : `${countText(consumerRateHz)} msg/s`,
    schedule: workload.schedule === undefined ? 'even' : scheduleText(workload.schedule),
    'warm-up': `${workload.warmup === 'auto' ? 'until settled, at most ' : ''}${workload.warmupS} s`,
    'measured time': `${workload.durationS} s`,
    'backlog built': workload.backlog === undefined ? 'none' : plural(workload.backlog.messages, 'message'),
  }
}

function environmentOf({ host, benchVersion, workers }: ExperimentResult): Record<string, string> {
  return {
    processor: `${host.cpus} × ${host.cpuModel}`,
    memory: `${countText(host.memoryBytes / 1e6)} MB`,
    'operating system': `${host.os}, kernel ${host.kernel}`,
    Bun: host.bun,
    bench: benchVersion,
    'producer processes': String(workers),
  }
}

function notesOf({ label, error, failedTrials }: SideResult): string[] {
  if (error !== null) return [`${label} could not be run: ${error.message}.`]
  return (failedTrials ?? []).map(({ message }) => `A trial of ${label} could not be prepared: ${message}.`)
}

/**
 * The source without what only the report of one experiment shows, second by second: many large results then fit into
 * memory. Pure.
 */
export function withoutIntervals(source: Source): Source {
  const { result } = source
  if (result === null) return source
  const sides = result.sides.map((side) => ({
    ...side,
    trials: side.trials.map((trial) => ({ ...trial, intervals: [] })),
  }))
  return {
    ...source,
    sides: source.sides.map((side, i) => ({ ...side, measured: sides[i]! })),
    result: { ...result, sides },
  }
}
