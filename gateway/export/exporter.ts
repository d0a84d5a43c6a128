import type { Clock } from '../../src/clock/clock.ts'
import type { Signal } from '../../src/otlp/signal.ts'
import { freeBytes } from '../bytes.ts'
import type { ExportOutcome, Uplink } from '../contracts.ts'
import type { PipelineMeter } from '../pipeline-meter.ts'
import type { Entry } from '../queue/entry.ts'
import type { Slab } from '../slab.ts'
import { type RetryPolicy, retried } from './retry.ts'

export interface ExporterOptions {
  readonly uplinks: Readonly<Record<Signal, Uplink>>
  readonly retry: RetryPolicy
  readonly clock: Clock
  readonly slab: Slab
  readonly counts: PipelineMeter
  readonly abort: AbortSignal
  readonly random?: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number>>) => void
}

export interface Exporter {
  /** Exports entries of one signal with retries, counts what became of them and frees their memory. Never rejects. */
  exportBatch(entries: readonly Entry[]): Promise<void>
  /** One try, for the way without a queue: the sender is the one who retries. Frees the memory. */
  exportOnce(entry: Entry): Promise<ExportOutcome>
}

export function createExporter(options: ExporterOptions): Exporter {
  const { uplinks, counts, clock } = options
  const random = options.random ?? Math.random

  async function send(signal: Signal, bodies: readonly Uint8Array[]): Promise<ExportOutcome> {
    const startUs = clock.nowUs()
    const outcome = await uplinks[signal].send(signal, bodies, options.abort)
    counts.upstream(signal, outcome.kind, clock.nowUs() - startUs)
    return outcome
  }

  function retry(
    signal: Signal,
    bodies: readonly Uint8Array[],
    startUs: number,
    first: ExportOutcome,
  ): Promise<ExportOutcome> {
    const onRetry = () => counts.retried(signal)
    return retried(
      { policy: options.retry, clock, random, abort: options.abort, onRetry },
      startUs,
      first,
      () => send(signal, bodies),
    )
  }

  function finish(entry: Entry, outcome: ExportOutcome): void {
    options.slab.release(entry.region, entry.body.length)
    freeBytes(entry.body)
    if (outcome.kind === 'exported') counts.exported(entry.signal, clock.nowUs() - entry.offeredAtUs)
    else counts.dropped(entry.signal, options.abort.aborted ? '503' : '500')
  }

  async function exportAll(entries: readonly Entry[]): Promise<void> {
    const signal = entries[0]!.signal
    const bodies = entries.map((entry) => entry.body)
    const startUs = clock.nowUs()
    let outcome = await uplinks[signal].send(signal, bodies, options.abort)
    counts.upstream(signal, outcome.kind, clock.nowUs() - startUs)
    if (outcome.kind === 'retryable') outcome = await retry(signal, bodies, startUs, outcome)
    // One bad request must not take its neighbours with it: each gets a try of its own.
    if (outcome.kind === 'permanent' && entries.length > 1) {
      for (const entry of entries) await exportAll([entry])
      return
    }
    if (outcome.kind !== 'exported')
      options.log('export failed', { signal, requests: entries.length, detail: outcome.detail })
    for (const entry of entries) finish(entry, outcome)
  }

  return {
    exportBatch(entries) {
      const nowUs = clock.nowUs()
      for (const entry of entries) counts.queueWait(entry.signal, nowUs - entry.offeredAtUs)
      return exportAll(entries)
    },
    async exportOnce(entry) {
      const outcome = await send(entry.signal, [entry.body])
      finish(entry, outcome)
      return outcome
    },
  }
}
