/** One of several gateway processes that share the ports; its supervisor speaks to it over the channel to its parent. */
import { AppError } from '../../src/errors/app-error.ts'
import { readSettings } from '../config/settings.ts'
import { createLog } from '../telemetry/log.ts'
import { startInstance } from './instance.ts'
import type { FromProcess, ToProcess } from './protocol.ts'

const tell = (message: FromProcess) => process.send?.(message)

// The terminal sends Ctrl-C to the whole group; the supervisor decides when to end.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(1))

try {
  const instance = await startInstance(readSettings(process.env), { sharesPorts: true, log: createLog() })
  process.on('message', async (message: ToProcess) => {
    if (message.kind === 'snapshot') {
      tell({
        kind: 'snapshot',
        id: message.id,
        snapshot: instance.meter.snapshot(),
        isReady: instance.isReady(),
      })
      return
    }
    await instance.close(AbortSignal.timeout(message.timeoutMs))
    process.exit(0)
  })
  tell({ kind: 'listening', at: instance.listening })
} catch (error) {
  const hint = error instanceof AppError ? (error.hint ?? null) : null
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error), hint })
}
