import { chartsOf } from '../report/charts.ts'
import type { ExperimentResult } from '../result/result.ts'
import type { RunEvent } from '../run/events.ts'
import { createEventLog, type EventLog, type LiveEnding, type LiveEvent, type LogEntry } from './event-log.ts'
import { LIVE_LIMITS } from './limits.ts'
import { openMetricsText } from './open-metrics.ts'
import { type RunFacts, runMetrics } from './run-metrics.ts'
import { createTotals } from './totals.ts'

/** What a page must know before the first event. */
export interface LiveFacts extends RunFacts {
  /** Labels, in the order of the result. */
  readonly sides: readonly string[]
  readonly ratesHz: readonly number[]
  readonly messageBytes: number
  readonly warmupS: number
  readonly durationS: number
}

/** The state behind the live page: no network in it. */
export interface LiveRun {
  /** The id is empty until the experiment is told. */
  readonly facts: LiveFacts
  /** Tells this run from an older one on the same port. */
  readonly streamId: string
  readonly log: Pick<EventLog, 'since' | 'forgottenSeconds' | 'last'>
  /** What the run tells; what no page shows is left out. */
  tell(event: RunEvent): void
  /** The result of the trials so far, for the charts that need whole trials. */
  takeResult(soFar: ExperimentResult): void
  end(ending: Omit<LiveEnding, 'kind'>): void
  readonly ended: boolean
  /** Called with every new entry; at most one listener. */
  onEntry: (entry: LogEntry) => void
  /** OpenMetrics. */
  metricsText(): string
  /** Percentile charts of the finished trials by rate, as in the report; JSON. */
  chartsJson(): string
}

export function createLiveRun(planned: Omit<LiveFacts, 'id'>): LiveRun {
  let facts: LiveFacts = { ...planned, id: '' }
  const log = createEventLog(LIVE_LIMITS)
  const totals = createTotals(facts.sides)
  let result: ExperimentResult | null = null
  let charts: string | null = null
  let ended = false
  const append = (event: LiveEvent) => run.onEntry(log.append(event))
  const run: LiveRun = {
    get facts() {
      return facts
    },
    streamId: crypto.randomUUID(),
    log,
    onEntry: () => {},
    get ended() {
      return ended
    },
    tell(event) {
      if (event.kind === 'experiment') facts = { ...facts, id: event.id }
      totals.tell(event)
      const shown = shownEvent(event)
      if (shown !== null) append(shown)
    },
    takeResult(soFar) {
      result = soFar
      charts = null
      append({ kind: 'charts' })
    },
    end(ending) {
      ended = true
      append({ kind: 'ended', ...ending })
    },
    metricsText: () => openMetricsText(runMetrics(facts, totals, ended)),
    chartsJson() {
      // Only when somebody looks: histograms of whole trials take a while.
      charts ??= JSON.stringify(result === null ? [] : percentilesOf(result, facts.sides))
      return charts
    },
  }
  return run
}

function percentilesOf(result: ExperimentResult, labels: readonly string[]) {
  // The page draws what happened over time itself.
  const sides = result.sides.map((side) => ({
    ...side,
    trials: side.trials.map((trial) => ({ ...trial, intervals: [] })),
  }))
  // A result so far holds only the sides that have begun.
  const indexOf = (side: number) => labels.indexOf(result.sides[side]!.label)
  return chartsOf({ ...result, sides }).loads.map(({ title, percentiles }) => ({
    title,
    percentiles: percentiles.map((chart) => ({
      ...chart,
      sides: chart.sides.map((lines) => ({ ...lines, side: indexOf(lines.side) })),
    })),
  }))
}

/** Texts come from brokers and files: short ones only. */
function shownEvent(event: RunEvent): LiveEvent | null {
  switch (event.kind) {
    case 'trial':
      return event
    case 'side-done': {
      // The event may carry more than its type says: reasons are the report's.
      const { kind, side, measurement, integrity } = event
      return { kind, side, measurement, integrity }
    }
    case 'second':
      return { ...event, errors: shortErrors(event.errors) }
    case 'step':
      return { ...event, detail: short(event.detail) }
    case 'side-failed':
      return {
        ...event,
        message: short(event.message),
        hint: event.hint === null ? null : short(event.hint),
      }
    default:
      return null
  }
}

function shortErrors(errors: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const entries = Object.entries(errors)
  if (entries.length === 0) return errors
  return Object.fromEntries(
    entries.slice(0, LIVE_LIMITS.errorKinds).map(([kind, count]) => [short(kind), count]),
  )
}

function short(text: string): string {
  return text.length <= LIVE_LIMITS.textCharacters ? text : `${text.slice(0, LIVE_LIMITS.textCharacters)}…`
}
