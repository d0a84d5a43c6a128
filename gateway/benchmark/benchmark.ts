import type { Clock } from '../../src/clock/clock.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { makePayload } from '../payload/payload.ts'
import { acceptance, type Check, type LoadSummary } from './acceptance.ts'
import { grpcLoad } from './grpc-load.ts'
import { runHey } from './hey.ts'
import { httpLoad } from './http-load.ts'
import { runLoad } from './load.ts'
import { type Scrape, scrape, total } from './scrape.ts'
import { type ServerLatency, serverLatency } from './server-latency.ts'

export type BenchmarkEngine = 'bench' | 'hey'

export interface BenchmarkOptions {
  /** `http://host:port/v1/traces`, or `grpc://host:port` (not with hey). */
  readonly url: URL
  readonly metricsUrl: URL
  readonly engine: BenchmarkEngine
  /** Requests a second. */
  readonly rateHz: number
  readonly connections: number
  readonly durationMs: number
  /** Spans of a request. */
  readonly spans: number
  readonly clock: Clock
  readonly stop: AbortSignal
}

export interface BenchmarkResult {
  readonly engine: BenchmarkEngine
  readonly rateHz: number
  readonly connections: number
  readonly durationMs: number
  readonly payload: { readonly spans: number; readonly bytes: number }
  readonly load: LoadSummary
  readonly server: ServerLatency
  readonly checks: readonly Check[]
  /** All checks hold. */
  readonly isAccepted: boolean
}

/** What a cold gateway does is not what is asked for. */
const WARM_UP_MS = 2000
/** For what is inside to reach the upstream. */
const EMPTY_LIMIT_MS = 15_000
const STREAMS = 8

/**
 * Payload → metrics before → load → metrics after → verdict.
 *
 * @throws AppError('PREPARE') when the gateway or its metrics cannot be reached, or hey is not there.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const payload = makePayload({ signal: 'traces', profile: 'even', records: options.spans, seed: 1 })
  await scrape(options.metricsUrl) // Fails early, before any load.
  await send(options, payload.body, WARM_UP_MS)
  const before = await scrapeOnceEmpty(options)
  const load = await send(options, payload.body, options.durationMs)
  const after = await scrapeOnceEmpty(options)
  const checks = acceptance(before, after, load)
  return {
    engine: options.engine,
    rateHz: options.rateHz,
    connections: options.connections,
    durationMs: options.durationMs,
    payload: { spans: payload.records, bytes: payload.body.length },
    load,
    server: serverLatency(before, after),
    checks,
    isAccepted: checks.every((check) => check.holds),
  }
}

/** The metrics when nothing is inside any more, or when that takes too long. */
async function scrapeOnceEmpty({ metricsUrl, clock, stop }: BenchmarkOptions): Promise<Scrape> {
  const endUs = clock.nowUs() + EMPTY_LIMIT_MS * 1000
  for (;;) {
    const now = await scrape(metricsUrl)
    const inside =
      total(now, 'gateway_buffers_allocated_total') - total(now, 'gateway_buffers_released_total')
    if (inside === 0 || stop.aborted || clock.nowUs() > endUs) return now
    await clock.sleep(100)
  }
}

async function send(options: BenchmarkOptions, body: Uint8Array, durationMs: number): Promise<LoadSummary> {
  const { url, rateHz, connections, clock, stop } = options
  if (options.engine === 'hey') return runHey({ url, body, rateHz, connections, durationMs, stop })
  const isGrpc = url.protocol === 'grpc:'
  try {
    const result = await runLoad({
      open: isGrpc ? grpcLoad(url, 'traces', body, STREAMS) : httpLoad(url, body),
      connections,
      rateHz,
      warmUpMs: 0,
      durationMs,
      clock,
      stop,
    })
    const { latency } = result
    const percentileMs = (p: number) =>
      latency.totalCount === 0 ? null : latency.getValueAtPercentile(p) / 1000
    return {
      scheduled: result.sent + result.unsent,
      accepted: result.accepted,
      failures: result.failures,
      clientP50Ms: percentileMs(50),
      clientP99Ms: percentileMs(99),
    }
  } catch (cause) {
    throw new AppError('PREPARE', `expected a gateway at ${url.host}, got: ${(cause as Error).message}`, {
      hint: 'start one: bench gateway serve',
      cause,
    })
  }
}
