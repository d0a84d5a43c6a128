import type { Clock } from '../../clock/clock.ts'
import { AppError } from '../../errors/app-error.ts'
import { describeFailure, passesByItself } from './failure.ts'

/** How often and how long something is tried again. */
export interface RetryPolicy {
  /** Calls at most, the first one counted. */
  readonly attempts: number
  /** The longest pause after the first failure; it doubles from failure to failure. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** No call begins later than this after the first. */
  readonly limitMs: number
}

/** Of one call of AWS. */
export const CALL_RETRIES: RetryPolicy = {
  attempts: 10,
  firstDelayMs: 200,
  longestDelayMs: 20_000,
  limitMs: 180_000,
}

/** Time and chance, injected: tests decide over both. */
export interface Waiting {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** Between no pause at all and the doubled limit, so that many who failed together do not come back together. */
export function backoffMs(policy: RetryPolicy, failures: number, random: () => number): number {
  const longest = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (failures - 1))
  return longest * (0.5 + 0.5 * random())
}

export interface RetryOptions {
  /** What is tried, as a noun: `SendCommand to 3 instances`. */
  readonly what: string
  readonly policy?: RetryPolicy
  /** Which failures are worth another call; default: those that pass by themselves. */
  readonly isWorthIt?: (error: unknown) => boolean
  /** Told of each failure that is followed by another call. */
  readonly onFailure?: (error: unknown, delayMs: number) => void
}

/**
 * Calls until it succeeds. A failure not worth another call is thrown as it is; when attempts or time run out, an
 * `AppError('PREPARE')` with the last failure as its cause. Rejects with the signal's reason when it aborts.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  options: RetryOptions,
  { clock, random }: Waiting,
  signal: AbortSignal,
): Promise<T> {
  const { what, policy = CALL_RETRIES, isWorthIt = passesByItself, onFailure } = options
  const endUs = clock.nowUs() + policy.limitMs * 1000
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      signal.throwIfAborted()
      if (!isWorthIt(error)) throw error
      const delayMs = backoffMs(policy, failures, random)
      if (failures >= policy.attempts || clock.nowUs() + delayMs * 1000 > endUs)
        throw exhausted(what, failures, error)
      onFailure?.(error, delayMs)
      await clock.sleep(delayMs, signal)
    }
  }
}

function exhausted(what: string, failures: number, cause: unknown): AppError {
  return new AppError(
    'PREPARE',
    `expected ${what} to succeed, got ${describeFailure(cause)} after ${failures} attempts`,
    {
      hint: 'AWS may be slow or throttling this account: try again later',
      cause,
    },
  )
}

/** How a state is asked for again and again. */
export interface PollPolicy {
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  readonly limitMs: number
}

const POLL_GROWTH = 1.5

/**
 * Asks until the probe gives something other than null; null when the limit passes. The pause grows by half each
 * time, with jitter. What the probe throws ends it.
 */
export async function poll<T>(
  probe: () => Promise<T | null>,
  policy: PollPolicy,
  { clock, random }: Waiting,
  signal: AbortSignal,
): Promise<T | null> {
  const endUs = clock.nowUs() + policy.limitMs * 1000
  for (let longestMs = policy.firstDelayMs; ; longestMs *= POLL_GROWTH) {
    signal.throwIfAborted()
    const value = await probe()
    if (value !== null) return value
    const restMs = (endUs - clock.nowUs()) / 1000
    if (restMs <= 0) return null
    const delayMs = Math.min(longestMs, policy.longestDelayMs) * (0.75 + 0.25 * random())
    await clock.sleep(Math.min(delayMs, restMs), signal)
  }
}
