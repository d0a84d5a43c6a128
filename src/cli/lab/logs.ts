import { AppError } from '../../errors/app-error.ts'
import { EXIT, type ExitCode } from '../../errors/exit-codes.ts'
import { tellCrashed } from '../../lab/experiment/crashed.ts'
import { labContext } from '../../lab/experiment/environment.ts'
import { findExperiment } from '../../lab/experiment/folder.ts'
import { NO_LOG } from '../../lab/experiment/log.ts'
import { requireAws } from '../../lab/experiment/preflight.ts'
import { remoteLogs } from '../../lab/experiment/remote-logs.ts'
import type { Output } from '../output.ts'
import { type LabFlags, labEnvironment } from './environment.ts'

const LINES = 100
const MAX_LINES = 10_000

export interface LogsAsked {
  readonly experimentId: string
  /** Null: all roles. */
  readonly role: string | null
  /** As typed; null: 100. */
  readonly lines: string | null
}

/** `bench logs`: the ends of the logs on the instances of a role. */
export async function runLogs(
  asked: LogsAsked,
  flags: LabFlags,
  out: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = labEnvironment(flags, out)
  const { record } = await findExperiment(asked.experimentId, environment.home)
  const lines = linesFlag(asked.lines)
  const standing = record.instances.filter(({ endedMs }) => endedMs === null)
  const chosen = standing.filter(({ role }) => asked.role === null || role === asked.role)
  if (chosen.length === 0) {
    const roles = [...new Set(standing.map(({ role }) => role))].join(', ')
    throw new AppError(
      'USAGE',
      `--role: expected a role that ${record.experimentId} has, got ${asked.role ?? 'none'}`,
      { hint: roles === '' ? `no machine of it runs: ${record.state}` : `one of ${roles}` },
    )
  }
  await tellCrashed(environment)
  const context = labContext(record.region, environment, NO_LOG)
  await requireAws(context, signal)
  const logs = await remoteLogs(chosen, { lines, bucket: record.bucket }, context, signal)
  if (flags.json) out.stdout(JSON.stringify(logs))
  else
    for (const { name, id, text, fault } of logs) {
      out.stdout(`=== ${name} (${id})${fault === null ? '' : `: ${fault}`}`)
      if (text !== '') out.stdout(text)
    }
  return logs.every(({ fault }) => fault === null) ? EXIT.ok : EXIT.partial
}

function linesFlag(value: string | null): number {
  if (value === null) return LINES
  const lines = Number(value)
  if (/^\d+$/.test(value) && lines >= 1 && lines <= MAX_LINES) return lines
  throw new AppError(
    'USAGE',
    `--lines: expected a number from 1 to ${MAX_LINES}, got ${JSON.stringify(value)}`,
  )
}
