import type { Clock } from '../../src/clock/clock.ts'
import type { ExportOutcome } from '../contracts.ts'

export interface RetryPolicy {
  readonly initialMs: number
  /** Factor from one delay to the next. */
  readonly multiplier: number
  readonly maxDelayMs: number
  /** From the first try; past it the export has failed. */
  readonly maxElapsedMs: number
}

/**
 * Delay before try `attempt` + 1: exponential, drawn from its upper half so that senders which failed together do not
 * come back together, and never before the upstream asked for (`Retry-After`, `RetryInfo`).
 *
 * @param attempt tries so far, from 1. @param random in [0, 1).
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  askedMs: number | null,
  random: number,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.initialMs * policy.multiplier ** (attempt - 1))
  return Math.max(askedMs ?? 0, ceiling * (0.5 + random / 2))
}

export interface RetryOptions {
  readonly policy: RetryPolicy
  readonly clock: Clock
  readonly random: () => number
  /** Ends waiting at once; the outcome so far stands. */
  readonly abort: AbortSignal
  readonly onRetry: () => void
}

/**
 * Goes on after a first try at `startUs` (`Clock.nowUs`) that ended with `first`: until it is exported, refused for good,
 * out of time, or aborted.
 */
export async function retried(
  options: RetryOptions,
  startUs: number,
  first: ExportOutcome,
  tryOnce: () => Promise<ExportOutcome>,
): Promise<ExportOutcome> {
  const endUs = startUs + options.policy.maxElapsedMs * 1000
  let outcome = first
  for (let attempt = 1; outcome.kind === 'retryable' && !options.abort.aborted; attempt++) {
    const delayMs = retryDelayMs(options.policy, attempt, outcome.retryAfterMs, options.random())
    if (options.clock.nowUs() + delayMs * 1000 > endUs) return outcome
    try {
      await options.clock.sleep(delayMs, options.abort)
    } catch {
      return outcome
    }
    options.onRetry()
    outcome = await tryOnce()
  }
  return outcome
}
