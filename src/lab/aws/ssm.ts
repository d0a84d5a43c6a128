import { randomUUID } from 'node:crypto'
import type { SSMClient } from '@aws-sdk/client-ssm'
import { describeFailure, failureKind, passesByItself } from './failure.ts'
import { type RemoteCommand, type RemoteOutcome, scriptWithSecrets } from './remote-command.ts'
import { CALL_RETRIES, type RetryPolicy, withRetries } from './retry.ts'
import { clientSettings, type LabContext } from './settings.ts'
import { waitUntilManaged } from './ssm-agents.ts'
import { collectOutcome, folderOf } from './ssm-output.ts'
import { type Final, pollInvocations } from './ssm-poll.ts'

/** Most instances that one SendCommand takes. */
const GROUP_SIZE = 50
const DELIVERY_LIMIT_MS = 120_000
const TITLE_LENGTH = 60
const CANCEL_LIMIT_MS = 20_000
/** An instance that was registered a moment ago may not be known everywhere yet. */
const SEND_RETRIES: RetryPolicy = { ...CALL_RETRIES, attempts: 15, longestDelayMs: 10_000 }

/** Runs things on instances through Systems Manager: no port is open, no key exists. */
export interface RemoteShell {
  /**
   * Resolves when all can be sent commands; throws `AppError('PREPARE')` that names those that cannot after `limitMs`.
   */
  waitUntilManaged(instanceIds: readonly string[], limitMs: number, signal: AbortSignal): Promise<void>
  /**
   * Runs the script on every instance; one outcome each, in their order, whatever became of it. Throws only when
   * AWS cannot be asked, and the signal's reason after it has cancelled the command.
   */
  run(command: RemoteCommand, signal: AbortSignal): Promise<RemoteOutcome[]>
  /** Closes the connections. */
  close(): void
}

/** Opens it; nothing is sent yet. */
export async function openRemoteShell(context: LabContext): Promise<RemoteShell> {
  const sdk = await import('@aws-sdk/client-ssm')
  const client = new sdk.SSMClient(clientSettings(context.aws))
  return {
    waitUntilManaged: (instanceIds, limitMs, signal) =>
      waitUntilManaged(client, instanceIds, limitMs, context, signal),
    run: async (command, signal) => {
      const groups: Promise<RemoteOutcome[]>[] = []
      for (let i = 0; i < command.instanceIds.length; i += GROUP_SIZE)
        groups.push(runGroup(client, command, command.instanceIds.slice(i, i + GROUP_SIZE), context, signal))
      // One group that fails must not leave the others running unseen.
      const settled = await Promise.allSettled(groups)
      const failed = settled.find((each) => each.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      return settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    },
    close: () => client.destroy(),
  }
}

async function runGroup(
  client: SSMClient,
  command: RemoteCommand,
  instanceIds: readonly string[],
  context: LabContext,
  signal: AbortSignal,
): Promise<RemoteOutcome[]> {
  const commandId = await send(client, command, instanceIds, context, signal)
  context.log(`${command.title}: command ${commandId} on ${instanceIds.join(', ')}`)
  const deliveryLimitMs = command.deliveryLimitMs ?? DELIVERY_LIMIT_MS
  let finals: Map<string, Final>
  try {
    const limitMs = deliveryLimitMs + command.limitMs
    finals = await pollInvocations(client, { commandId, instanceIds, limitMs }, context, signal)
  } catch (error) {
    await cancel(client, commandId, instanceIds, context)
    throw error
  }
  const late = instanceIds.filter((id) => finals.get(id) === 'lost' || finals.get(id) === 'overdue')
  if (late.length > 0) await cancel(client, commandId, late, context)
  const outcomes: RemoteOutcome[] = []
  for (const instanceId of instanceIds) {
    const final = finals.get(instanceId)!
    outcomes.push(await collectOutcome(client, { command, commandId, instanceId, final }, context, signal))
  }
  return outcomes
}

/** The id of the command. It is sent once, even when the answer to the first attempt was lost. */
async function send(
  client: SSMClient,
  command: RemoteCommand,
  instanceIds: readonly string[],
  context: LabContext,
  signal: AbortSignal,
): Promise<string> {
  const { SendCommandCommand } = await import('@aws-sdk/client-ssm')
  const comment = `${command.title.slice(0, TITLE_LENGTH)} ${randomUUID()}`
  const request = new SendCommandCommand({
    DocumentName: 'AWS-RunShellScript',
    InstanceIds: [...instanceIds],
    Comment: comment,
    TimeoutSeconds: Math.ceil((command.deliveryLimitMs ?? DELIVERY_LIMIT_MS) / 1000),
    Parameters: {
      commands: [scriptWithSecrets(command, context.aws.region)],
      executionTimeout: [String(Math.ceil(command.limitMs / 1000))],
      ...(command.folder === undefined ? {} : { workingDirectory: [command.folder] }),
    },
    ...(command.output === undefined
      ? {}
      : { OutputS3BucketName: command.output.bucket, OutputS3KeyPrefix: folderOf(command.output.prefix) }),
  })
  let mayHaveBeenSent = false
  const attempt = async () => {
    if (mayHaveBeenSent) {
      const sent = await findByComment(client, comment)
      if (sent !== null) return sent
    }
    try {
      const { Command } = await client.send(request, { abortSignal: signal })
      return Command!.CommandId!
    } catch (error) {
      // Refused or throttled it was not sent; without an answer it may have been.
      mayHaveBeenSent ||= signal.aborted || failureKind(error) === 'transient'
      throw error
    }
  }
  const options = {
    what: `SendCommand (${command.title}) to ${instanceIds.join(', ')}`,
    policy: SEND_RETRIES,
    isWorthIt: (error: unknown) => passesByItself(error) || failureKind(error) === 'notYet',
    onFailure: (error: unknown, delayMs: number) =>
      context.log(`${command.title}: ${describeFailure(error)}; again in ${Math.round(delayMs)} ms`),
  }
  try {
    return await withRetries(attempt, options, context, signal)
  } catch (error) {
    if (mayHaveBeenSent) await cancelUnanswered(client, comment, instanceIds, context)
    throw error
  }
}

/** Best effort, as `cancel`: of a command whose id was never told. */
async function cancelUnanswered(
  client: SSMClient,
  comment: string,
  instanceIds: readonly string[],
  context: LabContext,
): Promise<void> {
  const policy = { ...CALL_RETRIES, limitMs: CANCEL_LIMIT_MS }
  const look = () => findByComment(client, comment)
  const limit = AbortSignal.timeout(2 * CANCEL_LIMIT_MS)
  try {
    const sent = await withRetries(look, { what: 'ListCommands', policy }, context, limit)
    if (sent !== null) await cancel(client, sent, instanceIds, context)
  } catch (error) {
    context.log(`it is not known whether a command was sent: ${describeFailure(error)}`)
  }
}

async function findByComment(client: SSMClient, comment: string): Promise<string | null> {
  const { ListCommandsCommand } = await import('@aws-sdk/client-ssm')
  const { Commands = [] } = await client.send(new ListCommandsCommand({ MaxResults: GROUP_SIZE }))
  return Commands.find((each) => each.Comment === comment)?.CommandId ?? null
}

/** Best effort, with a limit of its own: it is called when the caller's signal has aborted. */
async function cancel(
  client: SSMClient,
  commandId: string,
  instanceIds: readonly string[],
  context: LabContext,
): Promise<void> {
  const { CancelCommandCommand } = await import('@aws-sdk/client-ssm')
  const request = new CancelCommandCommand({ CommandId: commandId, InstanceIds: [...instanceIds] })
  const policy = { ...CALL_RETRIES, limitMs: CANCEL_LIMIT_MS }
  try {
    await withRetries(
      () => client.send(request),
      { what: `CancelCommand ${commandId}`, policy },
      context,
      AbortSignal.timeout(2 * CANCEL_LIMIT_MS),
    )
    context.log(`cancelled command ${commandId} on ${instanceIds.join(', ')}`)
  } catch (error) {
    context.log(`command ${commandId} could not be cancelled: ${describeFailure(error)}`)
  }
}
