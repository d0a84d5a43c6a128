import type { Clock } from '../../clock/clock.ts'
import type { Answer, OtlpClient } from './otlp-answer.ts'

/** Servers with a bounded number of requests under way, shared by the producers of a process. */
export interface Exchange {
  /** Whether another request may be sent now. */
  hasRoom(): boolean
  /** Sends one request, with retries where they are asked for; never rejects. Only when there is room. */
  send(request: Uint8Array, records: number): Promise<Answer>
  /** Calls when there is room again, in the order of asking; asking twice is asking once. */
  whenRoom(callback: () => void): void
  forget(callback: () => void): void
  /** Ends waits for a retry and closes the connections. */
  close(): void
}

export interface ExchangeOptions {
  readonly client: OtlpClient
  readonly maxRequests: number
  /** From the first try; 0: no retries. */
  readonly retryForMs: number
  readonly clock: Clock
  /** In [0, 1). */
  readonly random?: () => number
}

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 5000

export function createExchange(options: ExchangeOptions): Exchange {
  const { client, clock } = options
  const random = options.random ?? Math.random
  const waiting = new Set<() => void>()
  const closed = new AbortController()
  let underWay = 0

  function releaseOne(): void {
    underWay--
    const [next] = waiting
    if (next === undefined) return
    waiting.delete(next)
    next()
  }

  async function withRetries(request: Uint8Array, records: number): Promise<Answer> {
    const endUs = clock.nowUs() + options.retryForMs * 1000
    for (let attempt = 0; ; attempt++) {
      const answer = await client.exchange(request, records)
      if (answer.kind !== 'refused' || !answer.isRetryable) return answer
      // Exponential, drawn from its upper half, and never before the server asked for.
      const ceilingMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
      const delayMs = Math.max(answer.retryAfterMs ?? 0, ceilingMs * (0.5 + random() / 2))
      if (clock.nowUs() + delayMs * 1000 > endUs) return answer
      try {
        await clock.sleep(delayMs, closed.signal)
      } catch {
        return answer
      }
    }
  }

  return {
    hasRoom: () => underWay < options.maxRequests,
    async send(request, records) {
      underWay++
      try {
        return options.retryForMs === 0
          ? await client.exchange(request, records)
          : await withRetries(request, records)
      } finally {
        releaseOne()
      }
    },
    whenRoom: (callback) => void waiting.add(callback),
    forget: (callback) => void waiting.delete(callback),
    close() {
      closed.abort(new Error('closed'))
      client.close()
    },
  }
}

/** Several servers as one: each request goes to the next that has room. */
export function balanced(exchanges: readonly Exchange[]): Exchange {
  let last = -1
  const next = () => {
    for (let i = 1; i <= exchanges.length; i++) {
      const at = (last + i) % exchanges.length
      if (exchanges[at]!.hasRoom()) return at
    }
    return (last + 1) % exchanges.length
  }
  return {
    hasRoom: () => exchanges.some((exchange) => exchange.hasRoom()),
    send(request, records) {
      last = next()
      return exchanges[last]!.send(request, records)
    },
    whenRoom(callback) {
      for (const exchange of exchanges) exchange.whenRoom(callback)
    },
    forget(callback) {
      for (const exchange of exchanges) exchange.forget(callback)
    },
    close() {
      for (const exchange of exchanges) exchange.close()
    },
  }
}
