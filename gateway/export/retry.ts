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

/** Tries until it is exported, refused for good, out of time, or aborted. */
export async function withRetries(
  options: RetryOptions,
  tryOnce: () => Promise<ExportOutcome>,
): Promise<ExportOutcome> {
  const endUs = options.clock.nowUs() + options.policy.maxElapsedMs * 1000
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOnce()
    if (outcome.kind !== 'retryable' || options.abort.aborted) return outcome
    const delayMs = retryDelayMs(options.policy, attempt, outcome.retryAfterMs, options.random())
    if (options.clock.nowUs() + delayMs * 1000 > endUs) return outcome
    try {
      await options.clock.sleep(delayMs, options.abort)
    } catch {
      return outcome
    }
    options.onRetry()
  }
}
