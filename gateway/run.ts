import { printedVariables, toEnvironmentFile } from './config/print.ts'
import { type Environment, readSettings } from './config/settings.ts'
import { startGateway } from './serve.ts'
import { createLog } from './telemetry/log.ts'

export interface RunOptions {
  readonly environment: Environment
  /** Print the settings and end. */
  readonly printsConfig: boolean
  readonly isJson: boolean
  readonly stdout: (text: string) => void
  /** Aborts for an orderly end. */
  readonly stop: AbortSignal
}

/**
 * What `bench gateway serve` and `gateway/main.ts` do: serve until `stop` aborts, then export what is queued.
 *
 * @throws AppError as `startGateway` does.
 */
export async function runGateway(options: RunOptions): Promise<void> {
  if (options.printsConfig) {
    readSettings(options.environment)
    const variables = printedVariables(options.environment)
    options.stdout(options.isJson ? `${JSON.stringify(variables, null, 2)}\n` : toEnvironmentFile(variables))
    return
  }
  const log = createLog()
  const { values } = readSettings(options.environment)
  const gateway = await startGateway(options.environment, log)
  const ports = { ...gateway.listening, metricsPort: gateway.metricsPort }
  log(
    'listening',
    Object.fromEntries(Object.entries(ports).filter((pair): pair is [string, number] => pair[1] !== null)),
  )
  // One line for whoever started it and needs the ports that were free.
  options.stdout(`${JSON.stringify({ event: 'listening', ...ports })}\n`)
  try {
    await Promise.race([gateway.failed, aborted(options.stop)])
    log('stopping', { timeoutMs: values.GATEWAY_SHUTDOWN_TIMEOUT_MS })
  } finally {
    await gateway.close(values.GATEWAY_SHUTDOWN_TIMEOUT_MS)
  }
  log('stopped')
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
