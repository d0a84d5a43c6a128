import type { Clock } from '../clock/clock.ts'
import type { BacklogResult } from '../result/load.ts'
import type { WorkerProgress } from '../worker/protocol.ts'
import type { BacklogPlan, Workload } from '../workload/model.ts'

const POLL_MS = 100
/** How long before the build what is always under way is watched, at most. */
const WATCH_S = 2
/** That much more of it still counts as drained … */
const USUAL_FACTOR = 1.5
/** … and so many seconds of the rate, since workers do not tell at the same instant. */
const USUAL_RATE_S = 0.1
/** Consumers pause and resume at once. */
const ORDER_LIMIT_MS = 5_000

/** The crew as a backlog sees it. */
export interface BacklogCrew {
  /** Of all workers; fewer where one does not answer. */
  progress(): Promise<readonly WorkerProgress[]>
  order(request: 'pauseConsumers' | 'resumeConsumers', signal: AbortSignal): Promise<void>
  readonly size: number
}

export interface BacklogOptions {
  readonly crew: BacklogCrew
  readonly plan: BacklogPlan
  readonly workload: Pick<Workload, 'producerRateHz' | 'subscriptionsPerTopic'>
  readonly clock: Clock
  readonly epochUs: number
  /** When the build begins, µs from the epoch. */
  readonly buildFromUs: number
  readonly say: (line: string) => void
  /** The trial is cut short; the consumers are then resumed by who cuts it. */
  readonly signal: AbortSignal
}

interface Look {
  /** Acknowledged and not delivered, as messages of one subscription. */
  readonly lag: number
  /** Distinct messages delivered, as messages of one subscription. */
  readonly delivered: number
}

/**
 * Builds the backlog with consumers paused and drains it while producers go on. Every wait is bounded: what was not built
 * or not drained in its time is told in the result. Messages wait in the system, not here: consumers are paused through
 * their drivers, whose queues are bounded, and their event loops go on.
 */
export async function runBacklog(options: BacklogOptions): Promise<BacklogResult> {
  const { crew, plan, workload, clock, epochUs, signal, say } = options
  const { messages: targetMessages } = plan
  const nowUs = () => clock.nowUs() - epochUs
  const look = lookAt(crew, workload.subscriptionsPerTopic)
  const usualMessages = await usualLag(options, look, nowUs)

  say(`consumers pause; a backlog of ${targetMessages} messages builds`)
  await crew.order('pauseConsumers', AbortSignal.any([signal, AbortSignal.timeout(ORDER_LIMIT_MS)]))
  const startUs = nowUs()
  const built = await until(({ lag }) => lag >= targetMessages, plan.maxBuildS)
  const builtUs = nowUs()
  const reached = built.lag >= targetMessages

  say(`${reached ? 'built' : 'not built in time'}: ${built.lag} messages; consumers resume`)
  await crew.order('resumeConsumers', AbortSignal.any([signal, AbortSignal.timeout(ORDER_LIMIT_MS)]))
  const leftMessages = Math.max(
    (1 - plan.drainRatio) * targetMessages,
    USUAL_FACTOR * usualMessages,
    USUAL_RATE_S * workload.producerRateHz,
  )
  const drained = await until(({ lag }) => lag <= leftMessages, plan.maxDrainS)
  const isDrained = drained.lag <= leftMessages
  say(`${isDrained ? 'drained' : 'not drained in time'}: ${drained.lag} messages are left`)
  return {
    targetMessages,
    usualMessages,
    build: { startS: startUs / 1e6, endS: builtUs / 1e6, messages: built.lag, reached },
    drain: {
      endS: nowUs() / 1e6,
      delivered: drained.delivered - built.delivered,
      messages: drained.lag,
      drained: isDrained,
    },
  }

  /** Looks until it is so, or the time is over; the last look counts. */
  async function until(isSo: (look: Look) => boolean, limitS: number): Promise<Look> {
    const untilUs = nowUs() + limitS * 1e6
    for (;;) {
      const seen = await look()
      if (isSo(seen) || nowUs() >= untilUs) return seen
      await clock.sleep(POLL_MS, signal)
    }
  }
}

/** The most that is under way shortly before the build. */
async function usualLag(
  { clock, buildFromUs, signal }: BacklogOptions,
  look: () => Promise<Look>,
  nowUs: () => number,
): Promise<number> {
  await clock.sleep(Math.max(0, buildFromUs - WATCH_S * 1e6 - nowUs()) / 1000, signal)
  let most = 0
  while (nowUs() < buildFromUs) {
    most = Math.max(most, (await look()).lag)
    await clock.sleep(Math.min(POLL_MS, Math.max(0, buildFromUs - nowUs()) / 1000), signal)
  }
  return most
}

/** A worker that does not answer leaves the last look as it was. */
function lookAt({ progress, size }: BacklogCrew, subscriptions: number): () => Promise<Look> {
  let last: Look = { lag: 0, delivered: 0 }
  return async () => {
    const workers = await progress()
    if (workers.length < size) return last
    let acknowledged = 0
    let received = 0
    for (const worker of workers) {
      acknowledged += worker.acknowledged
      received += worker.distinctReceived
    }
    const delivered = Math.round(received / subscriptions)
    last = { lag: Math.max(0, acknowledged - delivered), delivered }
    return last
  }
}
