/** A rate limit that may be overdrawn: what came is counted, and the debt is waited off. Clockless. */
export interface TokenBucket {
  /** Takes `count` tokens at `nowUs`; returns how long to wait before taking more, 0 = none. */
  takeUs(count: number, nowUs: number): number
}

/** How much unused rate may be saved up. */
const BURST_US = 50_000

export function createTokenBucket(rateHz: number): TokenBucket {
  const perUs = rateHz / 1e6
  const capacity = Math.max(1, BURST_US * perUs)
  let tokens = capacity
  let lastUs = Number.NEGATIVE_INFINITY
  return {
    takeUs(count, nowUs) {
      tokens = Math.min(capacity, tokens + Math.max(0, nowUs - lastUs) * perUs) - count
      lastUs = Math.max(lastUs, nowUs)
      return tokens >= 0 ? 0 : Math.ceil(-tokens / perUs)
    },
  }
}
