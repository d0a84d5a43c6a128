/** The command line: parses, calls the module of the verb, prints errors, and is the only file that exits the process. */
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { buildCli } from './cli.ts'
import { type Output, processOutput } from './output.ts'

const output = processOutput()
const exitCode = await main(process.argv.slice(2), output)
// A slow reader of a pipe must get all of it; one that is gone ends the waiting too.
await new Promise<void>((resolve) => process.stdout.end(() => resolve()))
process.exit(exitCode)

async function main(argv: readonly string[], out: Output): Promise<ExitCode> {
  const interrupt = interruptSignal(out)
  try {
    return await buildCli(argv, out, interrupt)
  } catch (error) {
    if (argv.includes('--json')) out.stdout(JSON.stringify(errorAsData(error)))
    printError(error, out)
    return error instanceof AppError ? error.exitCode : EXIT.unexpected
  }
}

/** The first Ctrl-C asks for a clean stop; the third ends at once. */
function interruptSignal(out: Output): AbortSignal {
  const controller = new AbortController()
  let count = 0
  const onSignal = (name: string, exitCode: ExitCode) => {
    count++
    if (count === 1) {
      out.stderr(`${name}: stopping cleanly; what was measured is kept`)
      controller.abort(new AppError('UNEXPECTED', `interrupted by ${name}`, { exitCode }))
    } else if (count === 2) out.stderr(`${name}: still stopping; once more ends at once`)
    else process.exit(exitCode)
  }
  process.on('SIGINT', () => onSignal('SIGINT', EXIT.interrupted))
  process.on('SIGTERM', () => onSignal('SIGTERM', EXIT.terminated))
  return controller.signal
}

function printError(error: unknown, out: Output): void {
  if (!(error instanceof AppError)) {
    out.stderr(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    out.stderr('hint: this is a defect of bench; please report it with the lines above')
    return
  }
  out.stderr(`error: ${error.message}`)
  if (error.hint !== undefined) out.stderr(`hint: ${error.hint}`)
}

function errorAsData(error: unknown): unknown {
  if (!(error instanceof AppError))
    return { kind: 'error', code: 'UNEXPECTED', message: String(error), hint: null }
  return { kind: 'error', code: error.code, message: error.message, hint: error.hint ?? null }
}
