import { processUsage } from '../../src/brokers/process/index.ts'
import type { Role, Side } from './sides.ts'
import { INTERVAL_S, type Interval, type RunSpec } from './spec.ts'

/** Intervals that count, after one that warms up (compilation, caches, the topic). */
const WARM_INTERVALS = 1
const START_LIMIT_MS = 60_000
const STOP_GRACE_MS = 2000
const QUOTED_LINES = 15

/** What one process did in the measured window. */
interface Window {
  readonly messages: number
  readonly rateHz: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUsPerMessage: number
}

/** What a side did in the measured window. */
export interface Measured {
  /** The smaller one of the rates of producer and consumer. */
  readonly rateHz: number
  /** Producer's and consumer's, user and system. */
  readonly cpuUsPerMessage: number
  readonly service: { readonly p50Ms: number; readonly p99Ms: number }
  readonly endToEnd: { readonly p50Ms: number; readonly p99Ms: number }
}

interface Child {
  readonly ready: Promise<void>
  readonly window: Promise<Window>
  stop(): Promise<void>
}

/** Starts consumer, then producer, and takes the interval after the warm one of each; both are ended. */
export async function runSide(side: Side, spec: RunSpec, signal: AbortSignal): Promise<Measured> {
  const children: Child[] = []
  const start = async (role: Role) => {
    const child = startChild(side, role, spec, signal)
    children.push(child)
    // A failure of one ends the wait for the other.
    child.window.catch(() => {})
    await child.ready
    return child
  }
  try {
    const consumer = await start('consumer')
    const producer = await start('producer')
    const [received, sent] = await Promise.all([consumer.window, producer.window])
    return {
      rateHz: Math.min(received.rateHz, sent.rateHz),
      cpuUsPerMessage: received.cpuUsPerMessage + sent.cpuUsPerMessage,
      service: sent,
      endToEnd: received,
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

interface Sample extends Interval {
  readonly cpuS: number
}

function windowOf(before: Sample, after: Sample): Window {
  const messages = after.total - before.total
  const { rateHz, p50Ms, p99Ms } = after
  return { messages, rateHz, p50Ms, p99Ms, cpuUsPerMessage: ((after.cpuS - before.cpuS) * 1e6) / messages }
}

function startChild(side: Side, role: Role, spec: RunSpec, signal: AbortSignal): Child {
  const child = Bun.spawn([...side.command(role, spec)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ready = Promise.withResolvers<void>()
  const window = Promise.withResolvers<Window>()
  const said: string[] = []
  const samples: Sample[] = []
  const fail = (error: unknown) => {
    ready.reject(error)
    window.reject(error)
  }

  function take(line: string): void {
    said.push(line)
    if (said.length > QUOTED_LINES) said.shift()
    if (side.isReady(line)) ready.resolve()
    const interval = side.interval(line)
    // A tool may report before its first message, and a consumer before the producer has come.
    if (interval === null || (samples.length === 0 && interval.total === 0)) return
    samples.push({ ...interval, cpuS: processUsage(child.pid)?.cpuS ?? Number.NaN })
    if (samples.length === WARM_INTERVALS + 1)
      window.resolve(windowOf(...(samples.slice(-2) as [Sample, Sample])))
  }

  const limitMs = START_LIMIT_MS + (WARM_INTERVALS + 3) * INTERVAL_S * 1000
  const limit = setTimeout(
    () =>
      fail(
        new Error(`expected two intervals of ${side.name}'s ${role} in ${limitMs} ms:\n${said.join('\n')}`),
      ),
    limitMs,
  )
  const aborted = () => fail(signal.reason)
  signal.addEventListener('abort', aborted, { once: true })
  const reading = Promise.all([eachLine(child.stdout, take), eachLine(child.stderr, take)])
  reading.catch(fail)
  child.exited
    .then(async (code) => {
      await reading
      fail(new Error(`${side.name}'s ${role} ended early with ${code}:\n${said.join('\n')}`))
    })
    .catch(fail)
  ready.promise.catch(() => {})

  return {
    ready: ready.promise,
    window: window.promise,
    async stop() {
      clearTimeout(limit)
      signal.removeEventListener('abort', aborted)
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
      await child.exited
      clearTimeout(kill)
    },
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
  }
}
