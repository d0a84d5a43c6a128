import type { Clock } from '../clock/clock.ts'
import type { ClockLine } from '../clock/disciplined-clock.ts'
import { createOffsetEstimator, type Exchange, type OffsetEstimate } from '../clock/offset.ts'
import type { WorkerClock } from '../result/clocks.ts'
import { type Crew, type CrewMember, hasRole } from './crew.ts'

/** Of the exchanges with each worker that has a clock of its own. */
export const SYNC = {
  burst: 8,
  /** Before the start the bursts are longer, and some time apart, so that the first seconds know of the drift. */
  firstBurst: 24,
  firstBursts: 3,
  firstPauseMs: 250,
  /** Between bursts during the trial. */
  everyMs: 500,
  /** Answers that come later tell nothing. */
  answerMs: 5_000,
} as const

/** Keeps the clocks of workers on other hosts with the run's; workers of this host share it, and cost nothing. */
export interface ClockSync {
  /** Until every clock follows. @throws the signal's reason. */
  before(signal: AbortSignal): Promise<void>
  /** Goes on beside the trial until `finish`. */
  start(): void
  /** From now on it matters how wrong the workers' time is. */
  measureBegins(): void
  /** Ends what `start` began, at once; for a trial that fails. Idempotent. */
  stop(): void
  /** A last exchange with each worker that still answers, and what is known of each. */
  finish(): Promise<readonly WorkerClock[]>
}

export function createClockSync(crew: Crew, clock: Clock): ClockSync {
  const followers = crew.members
    .filter(({ handle }) => !handle.sharesClock)
    .map((member) => newFollower(member, clock))
  const ended = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  const sleep = (delayMs: number, signal: AbortSignal) => clock.sleep(delayMs, signal)

  async function keepFollowing(follower: Follower): Promise<void> {
    while (!ended.signal.aborted) {
      await sleep(SYNC.everyMs, ended.signal).catch(() => {})
      if (ended.signal.aborted) return
      await follower.exchange(SYNC.burst, limited(ended.signal)).catch(() => {})
    }
  }

  return {
    async before(signal) {
      for (let burst = 0; burst < SYNC.firstBursts && followers.length > 0; burst++) {
        if (burst > 0) await sleep(SYNC.firstPauseMs, signal)
        await Promise.all(followers.map((follower) => follower.exchange(SYNC.firstBurst, signal)))
      }
    },
    start() {
      running = Promise.all(followers.map(keepFollowing))
    },
    measureBegins() {
      for (const follower of followers) follower.measureBegins()
    },
    stop: () => ended.abort(),
    async finish() {
      ended.abort()
      await running
      await Promise.all(
        followers.map((follower) =>
          follower.exchange(SYNC.burst, limited()).catch(() => follower.close(clock.nowUs(), false)),
        ),
      )
      return followers.map((follower) => follower.result())
    },
  }
}

function limited(...signals: AbortSignal[]): AbortSignal {
  return AbortSignal.any([...signals, AbortSignal.timeout(SYNC.answerMs)])
}

interface Follower {
  /** A burst of exchanges, after which the worker follows what is known then. */
  exchange(count: number, signal: AbortSignal): Promise<void>
  measureBegins(): void
  /** What the worker follows ends to be followed at this instant. */
  close(endUs: number, restarted: boolean): void
  result(): WorkerClock
}

function newFollower(member: CrewMember, clock: Clock): Follower {
  const estimator = createOffsetEstimator()
  let exchanges = 0
  /** What the worker follows now. */
  let followed: OffsetEstimate | null = null
  let measuring = false
  let boundUs = 0

  async function exchange(signal: AbortSignal): Promise<Exchange> {
    const sentUs = clock.nowUs()
    const { nowUs: remoteUs } = await member.handle.ask('clock', null, signal)
    return { sentUs, remoteUs, receivedUs: clock.nowUs() }
  }

  /** Takes account of how wrong the worker's time was at most while it followed the last estimate. */
  function close(endUs: number, restarted: boolean): void {
    if (followed === null || !measuring) return
    const now = estimator.estimate(endUs)!
    const predictedUs = boundAt(followed, endUs)
    const seenUs = Math.abs(offsetAt(followed, endUs) - now.offsetUs) + now.boundUs
    // A clock that was set in between is not where it was foreseen.
    const endBoundUs = restarted ? seenUs : Math.min(predictedUs, seenUs)
    boundUs = Math.max(boundUs, followed.boundUs, endBoundUs)
  }

  return {
    async exchange(count, signal) {
      const burst: Exchange[] = []
      const { restarts } = estimator
      for (let i = 0; i < count; i++) burst.push(await exchange(signal))
      exchanges += count
      estimator.addBurst(burst)
      const next = estimator.estimate(clock.nowUs())!
      await member.handle.ask('followClock', lineOf(next), signal)
      close(clock.nowUs(), estimator.restarts > restarts)
      followed = next
    },
    measureBegins() {
      measuring = true
    },
    close,
    result: () => ({
      role: member.role,
      index: member.index,
      offsetUs: followed?.offsetUs ?? 0,
      atUs: followed?.atUs ?? 0,
      driftPpm: (followed?.drift ?? 0) * 1e6,
      boundUs: Math.ceil(boundUs),
      exchanges,
      restarts: estimator.restarts,
    }),
  }
}

function lineOf({ atUs, offsetUs, drift }: OffsetEstimate): ClockLine {
  return { atUs, offsetUs, drift }
}

function offsetAt({ atUs, offsetUs, drift }: OffsetEstimate, us: number): number {
  return offsetUs + drift * (us - atUs)
}

function boundAt({ atUs, boundUs, driftBound }: OffsetEstimate, us: number): number {
  return boundUs + driftBound * Math.abs(us - atUs)
}

/**
 * How wrong an end-to-end latency may be at most because its two ends were read from different clocks: the bounds of the
 * worst sender and the worst receiver together. 0 where all share a clock, or where each worker reads both ends.
 */
export function endToEndBoundUs(clocks: readonly WorkerClock[]): number {
  const worst = (role: 'producer' | 'consumer') =>
    Math.max(
      0,
      ...clocks.filter((each) => each.role !== 'both' && hasRole(each, role)).map((each) => each.boundUs),
    )
  return worst('producer') + worst('consumer')
}
