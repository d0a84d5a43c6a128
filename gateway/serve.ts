import { type Environment, readSettings } from './config/settings.ts'
import { startInstance } from './process/instance.ts'
import { type Gateway, superviseProcesses } from './process/supervisor.ts'
import type { Log } from './telemetry/log.ts'
import { mergeSnapshots } from './telemetry/merge.ts'
import { startTelemetryServer, type TelemetryServer } from './telemetry/server.ts'

export interface RunningGateway extends Gateway {
  /** Null when metrics are off. */
  readonly metricsPort: number | null
}

/**
 * Starts the gateway that the environment describes: in this process, or as several under a supervisor.
 *
 * @throws AppError('CONFIG') for settings or rules that cannot be used; ('PREPARE') when it cannot listen.
 */
export async function startGateway(environment: Environment, log: Log): Promise<RunningGateway> {
  const settings = readSettings(environment)
  const { values } = settings
  const gateway =
    values.GATEWAY_PROCESSES > 1
      ? await superviseProcesses(settings, environment, log)
      : singleProcess(await startInstance(settings, { sharesPorts: false, log }))
  let telemetry: TelemetryServer | null = null
  try {
    if (values.GATEWAY_METRICS_ENABLED && values.GATEWAY_METRICS_HTTP_ENABLED)
      telemetry = startTelemetryServer({
        hostname: values.GATEWAY_BIND_ADDRESS,
        port: values.GATEWAY_METRICS_HTTP_PORT,
        path: values.GATEWAY_METRICS_HTTP_PATH,
        collect: gateway.collect,
        isReady: gateway.isReady,
      })
  } catch (error) {
    await gateway.close(0)
    throw error
  }
  return {
    ...gateway,
    get pids() {
      return gateway.pids
    },
    metricsPort: telemetry?.port ?? null,
    async close(timeoutMs) {
      await gateway.close(timeoutMs)
      await telemetry?.close()
    },
  }
}

function singleProcess(instance: Awaited<ReturnType<typeof startInstance>>): Gateway {
  return {
    listening: instance.listening,
    pids: [process.pid],
    collect: () => Promise.resolve(mergeSnapshots([instance.meter.snapshot()])),
    isReady: () => Promise.resolve(instance.isReady()),
    close: (timeoutMs) => instance.close(AbortSignal.timeout(timeoutMs)),
    failed: new Promise<never>(() => {}),
  }
}
