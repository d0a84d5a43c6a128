/** The gateway by itself: `bun gateway/main.ts`, set by environment variables; `--print-config` prints them all. */
import { AppError } from '../src/errors/app-error.ts'
import { EXIT } from '../src/errors/exit-codes.ts'
import { restartWithAllocator } from './process/allocator.ts'
import { runGateway } from './run.ts'

restartWithAllocator()

const stop = new AbortController()
let exitCode: number = EXIT.ok
process.on('SIGINT', () => {
  exitCode = EXIT.interrupted
  stop.abort()
})
process.on('SIGTERM', () => {
  exitCode = EXIT.ok // What a service manager sends for an orderly end.
  stop.abort()
})

try {
  await runGateway({
    environment: process.env,
    printsConfig: process.argv.includes('--print-config'),
    isJson: process.argv.includes('--json'),
    stdout: (text) => void process.stdout.write(text),
    stop: stop.signal,
  })
} catch (error) {
  const hint = error instanceof AppError ? error.hint : undefined
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  if (hint !== undefined) process.stderr.write(`hint: ${hint}\n`)
  exitCode = error instanceof AppError ? error.exitCode : EXIT.unexpected
}
process.exit(exitCode)
