import { AppError, messageOf } from '../errors/app-error.ts'
import type { BacklogResult, WarmupResult } from '../result/load.ts'
import { longestMeasureS } from '../workload/backlog.ts'
import type { Workload } from '../workload/model.ts'
import type { Assignment } from './assignment.ts'
import { runBacklog } from './backlog.ts'
import type { Crew } from './crew.ts'
import type { Second, Step } from './events.ts'
import { type FaultRecord, RECOVER_LIMIT_MS } from './faults/fault-runner.ts'
import { armFaults, type TrialFaults } from './faults/trial-faults.ts'
import { intervalBoundaries } from './intervals.ts'
import { nextChangeUs, retime, type Timing } from './retiming.ts'
import type { TrialOptions } from './trial.ts'
import { TRIAL_LIMITS } from './trial-limits.ts'
import { limit, naming, progressOf } from './waits.ts'
import { decideWarmup } from './warm-up.ts'

const NEVER = new AbortController().signal

/** How long warm-up and measure are, as far as is known; it changes while the trial runs. */
export type LiveLoad = { -readonly [K in 'warmupS' | 'durationS']: Workload[K] } & Pick<
  Workload,
  'subscriptionsPerTopic'
>

/** Before the trial: the longest that it may be. */
export function liveLoad(workload: Workload): LiveLoad {
  const { warmupS, subscriptionsPerTopic } = workload
  return { warmupS, durationS: longestMeasureS(workload), subscriptionsPerTopic }
}

export interface LoadOptions {
  readonly crew: Crew
  readonly assignment: Assignment
  readonly trial: TrialOptions
  readonly live: LiveLoad
  /** The seconds so far; it grows. */
  readonly told: readonly Second[]
  readonly step: (name: Step, detail: string) => void
  readonly measureBegins: () => void
}

/** What was offered. */
export interface OfferedLoad {
  readonly epochUs: number
  /** Why it was cut short, or null. */
  readonly cut: string | null
  readonly faults: readonly FaultRecord[]
  readonly warmup: WarmupResult | null
  readonly backlog: BacklogResult | null
}

/** Starts the schedule and waits until measure ends. */
export async function offerLoad(options: LoadOptions): Promise<OfferedLoad> {
  const { crew, trial, step } = options
  const { clock } = trial
  const broken = new AbortController()
  const proxyDeath = trial.faultTargets?.network?.death ?? NEVER
  const signal = AbortSignal.any([trial.signal, crew.death, proxyDeath, broken.signal])
  const load = newLoad(options, clock.nowUs() + TRIAL_LIMITS.startLeadMs * 1000, signal, broken)
  const workerPids = crew.members.map(({ handle }) => handle.pid)
  let measuring = false
  let warmup: WarmupResult | null = null
  let backlog: BacklogResult | null = null
  let faults: TrialFaults | undefined
  const endMeasure = () => {
    if (measuring) trial.onMeasure('end', workerPids)
    measuring = false
  }
  try {
    await load.start()
    warmup = await load.decideWarmup()
    faults = load.armFaults()
    await load.sleepUntil(load.timing().warmupUs)
    measuring = true
    options.measureBegins()
    trial.onMeasure('begin', workerPids)
    step('measure', measureText(trial.workload))
    backlog = await load.runBacklog()
    await load.sleepUntil(load.timing().warmupUs + load.timing().measureUs)
    endMeasure()
    // What is under way at the end needs its broker back.
    return { epochUs: load.epochUs, cut: null, faults: await faults.over(), warmup, backlog }
  } catch (error) {
    const records = (await faults?.cut()) ?? []
    if (!signal.aborted) throw error
    await load.resumeConsumers()
    return { epochUs: load.epochUs, cut: messageOf(signal.reason), faults: records, warmup, backlog }
  } finally {
    endMeasure()
  }
}

/** The parts of a load on one schedule, whose ends may move. */
function newLoad(
  { crew, assignment, trial, live, told, step }: LoadOptions,
  epochUs: number,
  signal: AbortSignal,
  broken: AbortController,
) {
  const { workload, clock } = trial
  const restMs = TRIAL_LIMITS.drainMs + (workload.faults === undefined ? 0 : RECOVER_LIMIT_MS)
  const restUs = restMs * 1000
  let timing: Timing = {
    warmupUs: Math.round(live.warmupS * 1e6),
    measureUs: Math.round(live.durationS * 1e6),
  }
  /** All workers were told; without all of them there is no common schedule any more. */
  const follow = (next: Timing, failure: string | null) => {
    timing = next
    live.warmupS = next.warmupUs / 1e6
    live.durationS = next.measureUs / 1e6
    if (failure !== null) broken.abort(new AppError('WORKER', failure))
    signal.throwIfAborted()
  }
  const order = async (request: 'pauseConsumers' | 'resumeConsumers', within: AbortSignal) => {
    try {
      await crew.askAll(request, () => null, { role: 'consumer', signal: within })
    } catch (error) {
      // The schedule runs: what was measured by now is kept.
      broken.abort(new AppError('WORKER', `not all workers did ${request} in time: ${messageOf(error)}`))
      signal.throwIfAborted()
    }
  }
  const say = (line: string) => step('measure', line)
  return {
    epochUs,
    timing: () => timing,
    sleepUntil: (elapsedUs: number) => clock.sleep((epochUs + elapsedUs - clock.nowUs()) / 1000, signal),
    async start() {
      const boundariesUs = intervalBoundaries(timing.warmupUs, timing.measureUs, restUs)
      await naming('starting the schedule', TRIAL_LIMITS.startMs, () =>
        crew.askAll('start', () => ({ epochUs, boundariesUs }), {
          signal: limit(TRIAL_LIMITS.startMs, signal),
        }),
      )
      if (workload.warmupS > 0) step('warm-up', warmupText(workload))
    },
    async decideWarmup() {
      const end = await decideWarmup({
        ...{ crew, workload, clock, epochUs, timing, restUs, signal },
        seconds: told,
      })
      follow(end.timing, end.failure)
      return end.warmup
    },
    armFaults() {
      const targets = trial.faultTargets ?? { broker: null, network: null }
      const timed = { ...workload, warmupS: live.warmupS }
      return armFaults(crew, assignment.topics[0]!.name, epochUs, {
        ...{ workload: timed, seed: trial.seed, clock, targets, say, signal },
      })
    },
    async runBacklog() {
      if (workload.backlog === undefined) return null
      const result = await runBacklog({
        ...{ plan: workload.backlog, workload, clock, epochUs, say, signal },
        crew: { progress: () => progressOf(crew), order, size: crew.members.length },
        buildFromUs: timing.warmupUs + Math.round(workload.durationS * 1e6),
      })
      const measureUs = nextChangeUs(clock.nowUs() - epochUs) - timing.warmupUs
      if (measureUs < timing.measureUs) {
        const next = { ...timing, measureUs }
        follow(next, await retime(crew, next, restUs))
      }
      return result
    },
    /** After a cut: what consumers that were paused left in the system must come before it is called lost. */
    async resumeConsumers() {
      if (workload.backlog === undefined) return
      await order('resumeConsumers', limit(TRIAL_LIMITS.shortDrainMs)).catch(() => {})
    },
  }
}

function warmupText({ warmup, warmupS }: Workload): string {
  return warmup === 'auto' ? `until the load has settled, at most ${warmupS} s` : `${warmupS} s`
}

function measureText({ durationS, backlog }: Workload): string {
  return backlog === undefined
    ? `${durationS} s`
    : `${durationS} s, then a backlog of ${backlog.messages} messages`
}
