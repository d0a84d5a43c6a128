import type { Clock } from '../../../src/clock/clock.ts'
import { HTTP_PATHS, SIGNALS, type Signal } from '../../../src/otlp/signal.ts'
import { RPC_CODES } from '../../../src/otlp/status.ts'
import type { Meter, Outcome, Pipeline, ReceiveLimits, Receiver } from '../../contracts.ts'
import { portError } from '../../process/ports.ts'
import type { Log } from '../../telemetry/log.ts'
import { createReceiveMeter } from '../receive-meter.ts'
import {
  FULL,
  type Refusal,
  refusalOf,
  refusalResponse,
  success,
  unknownPath,
  unsupportedCoding,
  unsupportedType,
  wrongMethod,
} from './answer.ts'
import { codingOf, type Encoding, encodingOf } from './content.ts'
import { createRequestReader } from './request.ts'

export interface HttpReceiverOptions {
  readonly hostname: string
  /** 0 takes a free one. */
  readonly port: number
  /** Whether other processes may listen on the same port (`SO_REUSEPORT`). */
  readonly sharesPort: boolean
  readonly pipeline: Pipeline
  readonly meter: Meter
  /**
   * `maxConnections` bounds the requests under way: Bun.serve cannot refuse connections. `idleTimeoutMs` also bounds
   * the time that a body may take to arrive; it is rounded up to whole seconds, at most 255. Headers: 16 KiB within
   * 12 s, by Bun.
   */
  readonly limits: ReceiveLimits
  readonly clock: Clock
  readonly log: Log
}

const MAX_IDLE_SECONDS = 255
const PATHS = SIGNALS.map((signal) => HTTP_PATHS[signal])

/**
 * OTLP/HTTP without TLS: protobuf and JSON, plain or compressed.
 *
 * @throws AppError('PREPARE') when the port cannot be had.
 */
export async function startHttpReceiver(options: HttpReceiverOptions): Promise<Receiver> {
  const { hostname, pipeline, limits, clock, log } = options
  const counts = createReceiveMeter(options.meter, 'http')
  const readRequest = createRequestReader(limits.maxBodyBytes)
  let underWay = 0
  let isClosing = false

  function turnAway(refusal: Refusal, encoding: Encoding, isLast = false): Response {
    counts.turnedAway(String(refusal.status))
    return refusalResponse(refusal, encoding, isLast || isClosing)
  }

  async function serve(signal: Signal, request: Request): Promise<Response> {
    const arrivedAtUs = clock.nowUs()
    const { headers } = request
    const encoding = encodingOf(headers.get('content-type'))
    if (request.method !== 'POST') return turnAway(wrongMethod(), encoding ?? 'protobuf')
    if (encoding === null) return turnAway(unsupportedType(), 'protobuf')
    const coding = codingOf(headers.get('content-encoding'))
    if (coding === null) return turnAway(unsupportedCoding(), encoding)
    if (underWay >= limits.maxConnections) return turnAway(FULL, encoding)

    underWay++
    try {
      const read = await readRequest(signal, request, { encoding, coding })
      if (read.kind === 'turned-away') return turnAway(read.refusal, encoding, read.isLast)
      const offered = pipeline.offer(signal, read.body)
      const response = answer(signal, encoding, offered instanceof Promise ? await offered : offered)
      counts.answered(signal, clock.nowUs() - arrivedAtUs)
      return response
    } finally {
      underWay--
    }
  }

  function answer(signal: Signal, encoding: Encoding, outcome: Outcome): Response {
    if (outcome.kind === 'accepted') return success(signal, encoding, isClosing, outcome.partial ?? null)
    return refusalResponse(refusalOf(outcome), encoding, isClosing)
  }

  function listen() {
    try {
      return Bun.serve({
        hostname,
        port: options.port,
        reusePort: options.sharesPort,
        development: false,
        idleTimeout: Math.min(MAX_IDLE_SECONDS, Math.max(1, Math.ceil(limits.idleTimeoutMs / 1000))),
        // Bun's own 413 says nothing that a sender of OTLP understands; `readRequest` holds the limit.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        routes: {
          [HTTP_PATHS.traces]: (request: Request) => serve('traces', request),
          [HTTP_PATHS.metrics]: (request: Request) => serve('metrics', request),
          [HTTP_PATHS.logs]: (request: Request) => serve('logs', request),
        },
        fetch: (request) =>
          turnAway(unknownPath(PATHS), encodingOf(request.headers.get('content-type')) ?? 'protobuf'),
        error(error) {
          log('http request failed', { detail: error.message })
          return turnAway(DEFECT, 'protobuf', true)
        },
      })
    } catch (cause) {
      throw portError(hostname, options.port, cause)
    }
  }

  const server = listen()
  return {
    port: server.port!,
    async close(signal) {
      isClosing = true
      const closed = server.stop()
      const cut = () => void server.stop(true)
      if (signal.aborted) cut()
      else signal.addEventListener('abort', cut, { once: true })
      await closed
      signal.removeEventListener('abort', cut)
    },
  }
}

const DEFECT: Refusal = {
  status: 500,
  body: { code: RPC_CODES.internal, message: 'a defect of the gateway' },
}
