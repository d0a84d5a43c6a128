import type { Clock, Timer } from '../../clock/clock.ts'
import type { Outcome, OutgoingBatch, Producer, ProducerSpec } from '../../driver/driver.ts'
import type { BatchEncoder } from '../../otlp/build/batch.ts'
import type { Answer } from './otlp-answer.ts'
import type { OtlpConfig } from './otlp-config.ts'
import type { Exchange } from './otlp-exchange.ts'

/** Messages with consecutive sequences that travel in one request. */
interface Request {
  readonly first: number
  values: Buffer[]
  keys: string[] | null
  bytes: number
  count: number
  isSettled: boolean
}

/** Gathers messages into requests and settles each request's range by its answer. */
export function createOtlpProducer(
  spec: ProducerSpec,
  config: OtlpConfig,
  encoder: BatchEncoder,
  exchange: Exchange,
  clock: Clock,
): Producer {
  /** Taken and not settled, the one being formed included. */
  const open = new Set<Request>()
  /** Full, waiting for room. */
  const full: Request[] = []
  let forming: Request | null = null
  /** The linger is over: the one being formed goes as soon as there is room. */
  let isDue = false
  let linger: Timer | null = null
  let pendingMessages = 0
  let pendingBytes = 0
  let refused = false
  let closing: Promise<void> | null = null
  let whenIdle: (() => void) | null = null

  function add(batch: OutgoingBatch, index: number): void {
    const value = batch.values[index]!
    const sequence = batch.firstSequence + index
    if (forming !== null && !fits(forming, sequence, value.length, batch.keys !== null)) seal()
    if (forming === null) {
      forming = {
        first: sequence,
        values: [],
        keys: batch.keys === null ? null : [],
        bytes: 0,
        count: 0,
        isSettled: false,
      }
      open.add(forming)
    }
    forming.values.push(value)
    forming.keys?.push(batch.keys![index]!)
    forming.bytes += value.length
    forming.count++
    pendingMessages++
    pendingBytes += value.length
    if (forming.count >= config.batchMessages) seal()
  }

  function fits(request: Request, sequence: number, bytes: number, hasKeys: boolean): boolean {
    return (
      request.first + request.count === sequence &&
      (request.keys !== null) === hasKeys &&
      request.bytes + bytes <= config.batchBytes
    )
  }

  function seal(): void {
    if (forming === null) return
    full.push(forming)
    forming = null
    isDue = false
    linger?.cancel()
    linger = null
  }

  function beginLinger(): void {
    if (forming === null || isDue || linger !== null) return
    if (config.lingerMs === 0) isDue = true
    else
      linger = clock.schedule(config.lingerMs, () => {
        linger = null
        isDue = true
        pump()
      })
  }

  /** Sends what is ready while there is room; asks to be called again when there is none. */
  function pump(): void {
    while (full.length > 0 || (isDue && forming !== null)) {
      if (!exchange.hasRoom()) {
        exchange.whenRoom(pump)
        return
      }
      if (full.length === 0) seal()
      dispatch(full.shift()!)
    }
  }

  function dispatch(request: Request): void {
    const timeUnixNano = BigInt(Math.round(clock.wallMs())) * 1_000_000n
    const bytes = encoder.encode(request.values, 0, request.count, timeUnixNano, request.keys)
    request.values = []
    request.keys = null
    void exchange.send(bytes, request.count).then((answer) => settle(request, answer))
  }

  function settle(request: Request, answer: Answer): void {
    if (request.isSettled) return
    request.isSettled = true
    open.delete(request)
    pendingMessages -= request.count
    pendingBytes -= request.bytes
    const outcome = OUTCOMES[answer.kind]
    const reason = answer.kind === 'accepted' ? undefined : answer.reason
    spec.onSettled(request.first, request.count, outcome, reason)
    if (open.size === 0) whenIdle?.()
    if (refused && closing === null && hasRoomFor(0)) {
      refused = false
      spec.onWritable()
    }
  }

  function hasRoomFor(bytes: number): boolean {
    if (pendingMessages === 0) return true
    return pendingMessages < config.maxPendingMessages && pendingBytes + bytes <= config.maxPendingBytes
  }

  function send(batch: OutgoingBatch): number {
    if (closing !== null) return 0
    if (batch.count > 0 && batch.values[0]!.length > config.batchBytes) {
      queueMicrotask(() => spec.onSettled(batch.firstSequence, 1, 'rejected', 'message too large'))
      return 1
    }
    let taken = 0
    while (taken < batch.count) {
      const size = batch.values[taken]!.length
      if (size > config.batchBytes || !hasRoomFor(size)) {
        refused = true
        break
      }
      add(batch, taken++)
    }
    beginLinger()
    pump()
    return taken
  }

  function flush(): void {
    seal()
    pump()
  }

  async function close(signal: AbortSignal): Promise<void> {
    flush()
    if (open.size > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        whenIdle = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    exchange.forget(pump)
    full.length = 0
    for (const request of open) settle(request, { kind: 'unknown', reason: 'closed' })
  }

  return {
    send,
    flush,
    close(signal) {
      closing ??= close(signal)
      return closing
    },
  }
}

const OUTCOMES: Readonly<Record<Answer['kind'], Outcome>> = {
  accepted: 'acknowledged',
  refused: 'rejected',
  unknown: 'unknown',
}
