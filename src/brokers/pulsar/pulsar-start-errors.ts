import { AppError } from '../../errors/app-error.ts'
import { tail } from '../process/index.ts'
import type { NodePlan } from './pulsar-settings.ts'

const LOG_LINES = 2000
const QUOTED_ERRORS = 6
const ERROR_LINE = /\] (ERROR|FATAL) |^Caused by: |^Exception in thread |^Error: |^\S+(Exception|Error)(: |$)/

/** A start that failed, with what the log says went wrong: its last lines are the ends of Java's stack traces. */
export function withFirstErrors(error: unknown, { name, logFile }: NodePlan): unknown {
  if (!(error instanceof AppError) || error.code !== 'PREPARE') return error
  const found = new Set(
    tail(logFile, LOG_LINES)
      .split('\n')
      .filter((line) => ERROR_LINE.test(line)),
  )
  if (found.size === 0) return error
  const { message, hint, cause } = error
  const quoted = [...found].slice(0, QUOTED_ERRORS).join('\n')
  return new AppError('PREPARE', `${message}\nthe errors of ${name}:\n${quoted}`, {
    ...(hint !== undefined && { hint }),
    cause,
  })
}
