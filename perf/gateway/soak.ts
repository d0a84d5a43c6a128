import { type Scrape, scrape, total } from '../../gateway/benchmark/scrape.ts'
import type { LoadReport } from './load-order.ts'
import { placement } from './machine.ts'
import { load, median, perSecond, type SinkProcess, SPANS, startSinkProcess } from './measure.ts'
import { residentBytes } from './proc.ts'
import { type Subject, startGateway } from './subject.ts'

export interface SoakOptions {
  readonly durationMs: number
  /** The upstream fails for so long in the middle. */
  readonly outageMs: number
  /** Requests a second; null: 80 % of what the gateway does in a closed loop before. */
  readonly rateHz: number | null
  /** More of the gateway's environment. */
  readonly env: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

export interface SoakResult {
  readonly rateHz: number
  /** Of the gateway, traces and everything else together. */
  readonly packets: Readonly<Record<'received' | 'accepted' | 'exported' | 'dropped' | 'empty', number>>
  /** By reason code. */
  readonly dropped: Readonly<Record<string, number>>
  readonly buffers: { readonly allocated: number; readonly released: number }
  readonly retries: number
  /** As the senders counted: accepted ones, and requests without a span among them. */
  readonly sentAccepted: number
  readonly sink: { readonly spans: number; readonly unmasked: number; readonly failed: number }
  readonly residentPeakBytes: number
  /** Median of each tenth of the time. */
  readonly residentTenthsBytes: readonly number[]
}

const SETTINGS = {
  GATEWAY_EXPORT_BATCH_REQUESTS: '16',
  GATEWAY_QUEUE_CAPACITY: '65536',
  GATEWAY_BACKPRESSURE_MAX_QUEUE_WAIT_MS: '500',
}
const CLOSED = { protocol: 'http', connections: 50, rateHz: null, warmUpRequests: 0 } as const
const SHARE_OF_MAXIMUM = 0.8
const SAMPLE_MS = 1000
/** For what is queued to reach the upstream at last: a retry may be seconds away. */
const EMPTY_LIMIT_MS = 60_000

/** Loads a gateway of its own for a long time over an upstream that fails in the middle, and counts everything twice. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const rateHz = options.rateHz ?? (await maximum(options)) * SHARE_OF_MAXIMUM
  options.log(`${Math.round(rateHz)} requests a second for ${options.durationMs / 1000} s`)
  return withGateway(options, async (subject, sink) => {
    const stop = new AbortController()
    const samples: number[] = []
    const besides = Promise.all([
      sampleMemory(subject, samples, stop.signal),
      sendEmpty(subject.httpUrl, stop.signal),
      outage(sink, options, stop.signal),
    ])
    let report: LoadReport
    try {
      report = await load(subject, { ...CLOSED, rateHz, warmUpMs: 0, durationMs: options.durationMs })
    } finally {
      stop.abort()
    }
    const [, empty] = await besides
    const end = await scrapeOnceEmpty(subject)
    return resultOf(end, {
      rateHz,
      samples,
      sentAccepted: report.accepted + empty,
      sink: await sink.counts(),
    })
  })
}

async function maximum(options: SoakOptions): Promise<number> {
  return withGateway(options, async (subject) =>
    perSecond(await load(subject, { ...CLOSED, warmUpMs: 5000, durationMs: 5000 })),
  )
}

async function withGateway<Value>(
  { env }: SoakOptions,
  body: (subject: Subject, sink: SinkProcess) => Promise<Value>,
): Promise<Value> {
  const sink = await startSinkProcess()
  try {
    const subject = await startGateway({
      mask: '###########',
      sinkPort: sink.port,
      processors: placement().subject,
      env: { ...SETTINGS, ...env },
    })
    try {
      return await body(subject, sink)
    } finally {
      await subject.stop()
    }
  } finally {
    await sink.stop()
  }
}

async function outage(sink: SinkProcess, options: SoakOptions, stop: AbortSignal): Promise<void> {
  await pause((options.durationMs - options.outageMs) / 2, stop)
  if (stop.aborted) return
  options.log(`the upstream fails for ${options.outageMs / 1000} s`)
  await sink.fail(true)
  await pause(options.outageMs, stop)
  await sink.fail(false)
  options.log('the upstream works again')
}

async function sampleMemory(subject: Subject, samples: number[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    samples.push(Math.max(...subject.pids.map((pid) => residentBytes(pid).now)))
    await pause(SAMPLE_MS, stop)
  }
}

/** Requests without a span, now and then: received, and never exported. @returns how many were accepted. */
async function sendEmpty(url: string, stop: AbortSignal): Promise<number> {
  let accepted = 0
  while (!stop.aborted) {
    const headers = { 'content-type': 'application/x-protobuf' }
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(0) })
    if (response.ok) accepted++
    await pause(100, stop)
  }
  return accepted
}

function pause(delayMs: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

async function scrapeOnceEmpty(subject: Subject): Promise<Scrape> {
  const endMs = Date.now() + EMPTY_LIMIT_MS
  for (;;) {
    const now = await scrape(new URL(subject.metricsUrl!))
    const inside =
      total(now, 'gateway_buffers_allocated_total') - total(now, 'gateway_buffers_released_total')
    if (inside === 0 || Date.now() > endMs) return now
    await Bun.sleep(100)
  }
}

function resultOf(
  end: Scrape,
  seen: {
    readonly rateHz: number
    readonly samples: readonly number[]
    readonly sentAccepted: number
    readonly sink: SoakResult['sink']
  },
): SoakResult {
  const packets = (status: string) => total(end, 'gateway_packets_processed_total', { status })
  const reasons = ['rule', '400', '413', '429', '500', '503', '507']
  const tenth = (index: number) => {
    const at = (part: number) => Math.floor((seen.samples.length * part) / 10)
    return seen.samples.slice(at(index), Math.max(at(index) + 1, at(index + 1)))
  }
  return {
    rateHz: seen.rateHz,
    sentAccepted: seen.sentAccepted,
    sink: seen.sink,
    packets: {
      received: packets('received'),
      accepted: packets('accepted'),
      exported: packets('exported'),
      dropped: packets('dropped'),
      empty: packets('empty'),
    },
    dropped: Object.fromEntries(
      reasons.map((reason) => [reason, total(end, 'gateway_dropped_total', { reason_code: reason })]),
    ),
    buffers: {
      allocated: total(end, 'gateway_buffers_allocated_total'),
      released: total(end, 'gateway_buffers_released_total'),
    },
    retries: total(end, 'gateway_export_retries_total'),
    residentPeakBytes: Math.max(...seen.samples),
    residentTenthsBytes: Array.from({ length: 10 }, (_, index) => median(tenth(index))),
  }
}

export interface SoakCheck {
  readonly what: string
  readonly holds: boolean
}

/**
 * Growth from the seventh and eighth tenth of the time, when the outage is over, to the last two that counts as flat:
 * what garbage collection swings by. In 15 minutes at 4,000 requests a second, 64 MiB is 90 bytes a request.
 */
const FLAT_BYTES = 64 * 2 ** 20

/** What must hold after a soak, whatever was dropped in the outage. @param residentLimitBytes at the peak. */
export function checksOf(result: SoakResult, residentLimitBytes: number): SoakCheck[] {
  const { packets, dropped, buffers, sink } = result
  const byReason = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  const tenths = result.residentTenthsBytes
  const growth = Math.max(...tenths.slice(8)) - Math.max(...tenths.slice(6, 8))
  const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`
  return [
    {
      what: `received ${packets.received} = exported ${packets.exported} + dropped ${packets.dropped} + empty ${packets.empty}`,
      holds: packets.received > 0 && packets.received === packets.exported + packets.dropped + packets.empty,
    },
    {
      what: `dropped ${packets.dropped} = by reason ${JSON.stringify(dropped)}`,
      holds: packets.dropped === byReason,
    },
    {
      what: `accepted ${packets.accepted} = what senders were told ${result.sentAccepted}`,
      holds: packets.accepted === result.sentAccepted,
    },
    {
      what: `exported ${packets.exported} × ${SPANS} spans = ${sink.spans} at the sink, ${sink.unmasked} requests unmasked`,
      holds: sink.spans === packets.exported * SPANS && sink.unmasked === 0,
    },
    {
      what: `the outage was felt: ${sink.failed} exports failed, ${result.retries} retries`,
      holds: sink.failed > 0 && result.retries > 0,
    },
    {
      what: `buffers: ${buffers.allocated} allocated, ${buffers.released} released`,
      holds: buffers.allocated === buffers.released,
    },
    {
      what: `memory flat after the outage; by tenths of the time: ${tenths.map(mb).join(', ')}`,
      holds: growth <= FLAT_BYTES,
    },
    {
      what: `memory at the peak: ${mb(result.residentPeakBytes)}, at most ${mb(residentLimitBytes)} wanted`,
      holds: result.residentPeakBytes <= residentLimitBytes,
    },
  ]
}
