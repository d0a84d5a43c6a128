import type { SSMClient } from '@aws-sdk/client-ssm'
import { AppError } from '../../errors/app-error.ts'
import { describeFailure } from './failure.ts'
import { poll, withRetries } from './retry.ts'
import type { LabContext } from './settings.ts'
import { onlineInstances } from './ssm-agents.ts'

/** Why an invocation is not waited for any longer. */
export type Final = 'done' | 'lost' | 'overdue'

export interface Awaited {
  readonly commandId: string
  readonly instanceIds: readonly string[]
  /** Time limits of the command together: of its delivery and of its execution. */
  readonly limitMs: number
}

const FINAL_STATUSES = new Set(['Success', 'Failed', 'TimedOut', 'Cancelled'])
const POLL = { firstDelayMs: 250, longestDelayMs: 5_000 }
/** AWS tells of a time limit somewhat after it has passed. */
const GRACE_MS = 30_000
/** A command that nobody can see after this time was never taken. */
const VISIBLE_LIMIT_MS = 60_000
const LIVENESS_EVERY_MS = 15_000
/** An agent that misses one ping may be busy; AWS itself waits for several. */
const MOST_MISSED = 2

/**
 * Waits until the command has ended on every instance. One call asks for all of them; whether the silent ones are
 * there at all is asked now and then, for AWS learns of an instance that vanished by the command's time limit alone.
 */
export async function pollInvocations(
  client: SSMClient,
  awaited: Awaited,
  context: LabContext,
  signal: AbortSignal,
): Promise<Map<string, Final>> {
  const { commandId, instanceIds, limitMs } = awaited
  const finals = new Map<string, Final>()
  const seen = new Map<string, string>()
  const missed = new Map<string, number>()
  const startUs = context.clock.nowUs()
  let livenessUs = startUs
  const probe = async () => {
    for (const [id, status] of await statusesOf(client, commandId, context, signal)) {
      seen.set(id, status)
      if (FINAL_STATUSES.has(status)) finals.set(id, 'done')
    }
    const open = instanceIds.filter((id) => !finals.has(id))
    if (open.length === 0) return true
    const nowUs = context.clock.nowUs()
    if (nowUs - startUs > VISIBLE_LIMIT_MS * 1000) requireSeen(commandId, open, seen)
    if (nowUs - livenessUs < LIVENESS_EVERY_MS * 1000) return null
    livenessUs = nowUs
    // What was not taken yet ends by its own limit.
    const running = open.filter((id) => seen.get(id) === 'InProgress')
    for (const id of await silentOf(client, running, missed, context, signal)) {
      context.log(`instance ${id} no longer answers: command ${commandId} is lost there`)
      finals.set(id, 'lost')
    }
    return finals.size === instanceIds.length ? true : null
  }
  await poll(probe, { ...POLL, limitMs: limitMs + GRACE_MS }, context, signal)
  for (const id of instanceIds) if (!finals.has(id)) finals.set(id, 'overdue')
  return finals
}

async function statusesOf(
  client: SSMClient,
  commandId: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<[string, string][]> {
  const { paginateListCommandInvocations } = await import('@aws-sdk/client-ssm')
  const list = async () => {
    const found: [string, string][] = []
    for await (const { CommandInvocations = [] } of paginateListCommandInvocations(
      { client },
      { CommandId: commandId },
    ))
      for (const each of CommandInvocations) found.push([each.InstanceId!, each.Status ?? ''])
    return found
  }
  const onFailure = (error: unknown) =>
    context.log(`command ${commandId}: ${describeFailure(error)}; asking again`)
  return withRetries(list, { what: `ListCommandInvocations ${commandId}`, onFailure }, context, signal)
}

function requireSeen(commandId: string, open: readonly string[], seen: ReadonlyMap<string, string>): void {
  const unseen = open.filter((id) => !seen.has(id))
  if (unseen.length === 0) return
  throw new AppError(
    'PREPARE',
    `expected an invocation of command ${commandId} on ${unseen.join(', ')} within ${VISIBLE_LIMIT_MS / 1000} s, AWS shows none`,
    { hint: 'is Systems Manager disturbed in this region?' },
  )
}

/** Those that have missed too many looks in a row. */
async function silentOf(
  client: SSMClient,
  open: readonly string[],
  missed: Map<string, number>,
  context: LabContext,
  signal: AbortSignal,
): Promise<string[]> {
  const online = await onlineInstances(client, open, context, signal)
  for (const id of open) missed.set(id, online.has(id) ? 0 : (missed.get(id) ?? 0) + 1)
  return open.filter((id) => missed.get(id)! >= MOST_MISSED)
}
