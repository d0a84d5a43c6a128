import type { CAC } from 'cac'
import { AppError } from '../errors/app-error.ts'

/** Runs the command that `cli` has parsed. Its own complaints (unknown option, missing argument) become usage errors. */
export async function runMatched(cli: CAC, program: string): Promise<void> {
  try {
    await cli.runMatchedCommand()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'CACError') throw error
    throw new AppError('USAGE', error.message, {
      hint: `${[program, cli.matchedCommandName].filter(Boolean).join(' ')} --help`,
    })
  }
}
