import { SystemClock } from '../../src/clock/system-clock.ts'
import { SIGNALS, type Signal } from '../../src/otlp/signal.ts'
import type { Settings } from '../config/settings.ts'
import type { Receiver, Uplink } from '../contracts.ts'
import { createGrpcUplink } from '../export/grpc-uplink.ts'
import { createHttpUplink } from '../export/http-uplink.ts'
import { createPartialSuccessReader } from '../export/partial-success.ts'
import { loadMasker } from '../mask/load.ts'
import { createPipeline } from '../pipeline.ts'
import { startGrpcReceiver } from '../receive/grpc/receiver.ts'
import { startHttpReceiver } from '../receive/http/receiver.ts'
import { createSlab } from '../slab.ts'
import type { Log } from '../telemetry/log.ts'
import { createMeter, type ProcessMeter } from '../telemetry/meter.ts'
import { watchProcess } from '../telemetry/process-metrics.ts'
import type { Listening } from './protocol.ts'

/** The gateway of one process: listeners, pipeline and meter. */
export interface Instance {
  readonly listening: Listening
  readonly meter: ProcessMeter
  isReady(): boolean
  /** Stops listening, exports what is queued until `signal` aborts, then ends all. */
  close(signal: AbortSignal): Promise<void>
}

export interface InstanceOptions {
  /** Whether other processes listen on the same ports. */
  readonly sharesPorts: boolean
  readonly log: Log
}

/** @throws AppError('CONFIG') for rules that cannot be used, ('PREPARE') for a port that cannot be had. */
export async function startInstance(settings: Settings, options: InstanceOptions): Promise<Instance> {
  const { values } = settings
  const clock = new SystemClock()
  const meter = createMeter()
  watchProcess(meter)
  const pipeline = createPipeline({
    masker: await loadMasker(settings, meter),
    slab: createSlab(values.GATEWAY_SLAB_SIZE_BYTES, values.GATEWAY_SLAB_REGIONS),
    uplinks: createUplinks(settings, clock, meter, options.log),
    retry: {
      initialMs: values.GATEWAY_RETRY_INITIAL_MS,
      multiplier: 1.5,
      maxDelayMs: values.GATEWAY_RETRY_MAX_DELAY_MS,
      maxElapsedMs: values.GATEWAY_RETRY_MAX_ELAPSED_MS,
    },
    queue: values.GATEWAY_QUEUE_ENABLED ? queueOptions(settings) : null,
    maxInFlight: values.GATEWAY_MAX_INFLIGHT,
    retryAfterMs: values.GATEWAY_RETRY_AFTER_MS,
    clock,
    meter,
    log: options.log,
  })
  const shared = {
    hostname: values.GATEWAY_BIND_ADDRESS,
    sharesPort: options.sharesPorts,
    pipeline,
    meter,
    limits: {
      maxBodyBytes: values.GATEWAY_MAX_BODY_BYTES,
      maxConnections: values.GATEWAY_MAX_CONNECTIONS,
      idleTimeoutMs: values.GATEWAY_IDLE_TIMEOUT_MS,
    },
    clock,
    log: options.log,
  }
  const http = await startHttpReceiver({ ...shared, port: values.GATEWAY_HTTP_PORT })
  let grpc: Receiver | null = null
  try {
    if (values.GATEWAY_GRPC_ENABLED)
      grpc = await startGrpcReceiver({ ...shared, port: values.GATEWAY_GRPC_PORT })
  } catch (error) {
    await http.close(AbortSignal.abort())
    throw error
  }

  return {
    listening: { httpPort: http.port, grpcPort: grpc?.port ?? null },
    meter,
    isReady: pipeline.isReady,
    async close(signal) {
      // The pipeline first: it refuses what still comes, so that listeners can answer it.
      await Promise.all([pipeline.close(signal), http.close(signal), grpc?.close(signal)])
    },
  }
}

function queueOptions({ values, waterMarks }: Settings) {
  return {
    shards: values.GATEWAY_QUEUE_SHARDS,
    workers: values.GATEWAY_QUEUE_WORKERS,
    marks: waterMarks,
    maxWaitMs: values.GATEWAY_BACKPRESSURE_MAX_QUEUE_WAIT_MS,
    maxWaiting: values.GATEWAY_MAX_INFLIGHT,
    batch: { maxEntries: values.GATEWAY_EXPORT_BATCH_REQUESTS, maxBytes: values.GATEWAY_EXPORT_BATCH_BYTES },
  }
}

function createUplinks(
  { values }: Settings,
  clock: SystemClock,
  meter: ProcessMeter,
  log: Log,
): Readonly<Record<Signal, Uplink>> {
  const urls: Readonly<Record<Signal, URL>> = {
    traces: values.OTLP_UPSTREAM_TRACES_URL,
    metrics: values.OTLP_UPSTREAM_METRICS_URL,
    logs: values.OTLP_UPSTREAM_LOGS_URL,
  }
  const create = (signal: Signal): Uplink => {
    const shared = {
      url: urls[signal],
      signal,
      connections: values.GATEWAY_EXPORTER_POOL_SIZE,
      timeouts: {
        connectMs: values.OTLP_UPSTREAM_CONNECT_TIMEOUT_MS,
        requestMs: values.OTLP_UPSTREAM_TIMEOUT_MS,
      },
      headers: values.OTLP_UPSTREAM_HEADERS,
      compression: values.OTLP_UPSTREAM_COMPRESSION,
      onAnswer: createPartialSuccessReader(meter, signal, log),
    }
    return urls[signal].protocol.startsWith('grpc')
      ? createGrpcUplink(shared)
      : createHttpUplink({ ...shared, clock })
  }
  return Object.fromEntries(SIGNALS.map((signal) => [signal, create(signal)])) as Record<Signal, Uplink>
}
