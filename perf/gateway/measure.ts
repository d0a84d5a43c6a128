import { join } from 'node:path'
import { WARM_UP_STRETCH } from '../../gateway/benchmark/load.ts'
import { type Child, startChild } from './child.ts'
import type { LoadOrder, LoadReport } from './load-order.ts'
import { placement } from './machine.ts'
import type { SinkCounts } from './sink.ts'
import type { Subject } from './subject.ts'

export const SPANS = 100
const LIMITS = { loadMarginMs: 60_000, arriveMs: 30_000 }

/** The sink as a process of its own. */
export interface SinkProcess {
  readonly port: number
  counts(): Promise<SinkCounts>
  /** Whether it answers 503 from now on. */
  fail(isFailing: boolean): Promise<void>
  stop(): Promise<void>
}

export async function startSinkProcess(): Promise<SinkProcess> {
  const child = await startChild([process.execPath, join(import.meta.dir, 'sink-main.ts')], {
    processors: placement().load,
    waits: true,
  })
  const { port, controlPort } = JSON.parse(child.firstLine)
  const control = `http://127.0.0.1:${controlPort}/`
  return {
    port,
    counts: async () => (await fetch(control)).json() as Promise<SinkCounts>,
    async fail(isFailing) {
      await fetch(control, { method: 'PUT', body: isFailing ? 'fail' : 'work' })
    },
    stop: child.stop,
  }
}

export type LoadShape = Omit<LoadOrder, 'url' | 'spans' | 'pids' | 'streams'>

/** Calls at once on each gRPC connection. */
const STREAMS = 8

/** Loads `subject` from a process of its own. */
export async function load(subject: Subject, shape: LoadShape): Promise<LoadReport> {
  const order: LoadOrder = {
    ...shape,
    url: shape.protocol === 'http' ? subject.httpUrl : subject.grpcUrl,
    streams: STREAMS,
    spans: SPANS,
    pids: subject.pids,
  }
  const child: Child = await startChild(
    [process.execPath, join(import.meta.dir, 'load-main.ts'), JSON.stringify(order)],
    { processors: placement(subject.pids.length).load, waits: false },
  )
  return JSON.parse(
    await child.output(shape.warmUpMs * WARM_UP_STRETCH + shape.durationMs + LIMITS.loadMarginMs),
  )
}

/**
 * Waits until every span of `accepted` requests has arrived.
 *
 * @returns what is wrong: requests that failed, spans missing or too many, or unmasked; null when nothing is.
 */
export async function faultOf(
  sink: SinkProcess,
  accepted: number,
  failures: LoadReport['failures'],
): Promise<string | null> {
  const failed = Object.entries(failures).map(([kind, count]) => `${count} × ${kind}`)
  if (failed.length > 0) return `requests failed: ${failed.join(', ')}`
  const expected = accepted * SPANS
  const endMs = Date.now() + LIMITS.arriveMs
  let counts = await sink.counts()
  while (counts.spans < expected && Date.now() < endMs) {
    await Bun.sleep(50)
    counts = await sink.counts()
  }
  if (counts.spans !== expected) return `expected ${expected} spans at the sink, got ${counts.spans}`
  return counts.unmasked > 0 ? `${counts.unmasked} requests arrived unmasked` : null
}

/** Requests that a CPU-second of the subject served. */
export function perCpuSecond(report: LoadReport): number {
  return report.windowAccepted / report.cpuSeconds
}

export function perSecond(report: LoadReport): number {
  return report.windowAccepted / (report.windowMs / 1000)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
