import { startClient } from './client-process.ts'
import type { Side } from './sides.ts'
import { INTERVAL_S, type RunSpec, type Sample } from './spec.ts'

/** A producer's intervals before the one that counts: compilers, caches and the topic warm up. */
const WARM_INTERVALS = 1
/** The consumer's own intervals begin when it likes: the one that counts is the nearest. */
const HALF_INTERVAL_MS = (INTERVAL_S * 1000) / 2
const SUBSCRIBE_LIMIT_MS = 60_000
const INTERVALS_LIMIT_MS = 60_000 + (WARM_INTERVALS + 2) * INTERVAL_S * 1000
const LOOK_EVERY_MS = 50

interface Percentiles {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What a side did in the measured interval. */
export interface Measured {
  /** The smaller one of the rates of producer and consumer. */
  readonly rateHz: number
  /** Producer's and consumer's, user and system. */
  readonly cpuUsPerMessage: number
  /** From send to receipt. */
  readonly service: Percentiles
  readonly endToEnd: Percentiles
}

/** Starts a consumer, then a producer, and takes the interval after the warm one; both are ended. */
export async function runSide(side: Side, spec: RunSpec, signal: AbortSignal): Promise<Measured> {
  const consumer = startClient(side, 'consumer', spec)
  try {
    await until('a subscription', SUBSCRIBE_LIMIT_MS, () => consumer.look().ready, signal)
    const producer = startClient(side, 'producer', spec)
    try {
      const measured = () => {
        const { samples } = producer.look()
        return windowOf(samples, samples[WARM_INTERVALS]) && nearest(consumer.look().samples, samples)
      }
      await until('a warm interval', INTERVALS_LIMIT_MS, () => measured() !== null, signal)
      return summed(windowOf(producer.look().samples, producer.look().samples[WARM_INTERVALS])!, measured()!)
    } finally {
      await producer.end()
    }
  } finally {
    await consumer.end()
  }
}

type Window = readonly [before: Sample, after: Sample]

function windowOf(samples: readonly Sample[], after: Sample | undefined): Window | null {
  return after === undefined ? null : [samples[samples.indexOf(after) - 1]!, after]
}

/** The consumer's interval that ends nearest to the measured one of the producer. */
function nearest(samples: readonly Sample[], ofProducer: readonly Sample[]): Window | null {
  const fromMs = ofProducer[WARM_INTERVALS]!.atMs - HALF_INTERVAL_MS
  return windowOf(
    samples,
    samples.slice(1).find(({ atMs }) => atMs >= fromMs),
  )
}

function summed(sent: Window, received: Window): Measured {
  const cpuUs = ([before, after]: Window) => ((after.cpuS - before.cpuS) * 1e6) / (after.total - before.total)
  const percentiles = ([, { p50Ms, p99Ms }]: Window) => ({ p50Ms, p99Ms })
  return {
    rateHz: Math.min(sent[1].rateHz, received[1].rateHz),
    cpuUsPerMessage: cpuUs(sent) + cpuUs(received),
    service: percentiles(sent),
    endToEnd: percentiles(received),
  }
}

async function until(what: string, limitMs: number, isSo: () => boolean, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!isSo()) {
    signal.throwIfAborted()
    if (performance.now() > endMs) throw new Error(`expected ${what} within ${limitMs} ms`)
    await Bun.sleep(LOOK_EVERY_MS)
  }
}
