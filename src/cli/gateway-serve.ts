import { cac } from 'cac'
import { runGateway } from '../../gateway/run.ts'
import { AppError } from '../errors/app-error.ts'
import { EXIT, type ExitCode } from '../errors/exit-codes.ts'
import { runMatched } from './matched-command.ts'
import type { Output } from './output.ts'

/** `bench gateway serve`: the gateway in the foreground, until Ctrl-C or SIGTERM. */
export async function runServe(argv: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode> {
  const cli = cac('bench gateway serve')
  cli
    .command('', 'Receive, mask, queue and export OTLP; set by environment variables')
    .option('--print-config', 'Print every variable with its value, and end')
    .option('--json', 'The same as JSON')
    .example('GATEWAY_MASKING_RULES=… bench gateway serve')
    .action(async (options: Readonly<Record<string, unknown>>) => {
      await runGateway({
        environment: process.env,
        printsConfig: options.printConfig === true,
        isJson: options.json === true,
        stdout: (text) => out.stdout(text.replace(/\n$/, '')),
        stop: signal,
      })
    })
  cli.help()
  cli.parse(['bun', 'bench', ...argv], { run: false })
  if (cli.options.help !== true) await runMatched(cli, 'bench gateway serve')
  // SIGTERM is what a service manager sends for an orderly end; Ctrl-C is told apart for scripts.
  const reason: unknown = signal.reason
  return reason instanceof AppError && reason.exitCode === EXIT.interrupted ? EXIT.interrupted : EXIT.ok
}
