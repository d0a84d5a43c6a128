import type { GetCommandInvocationResult, SSMClient } from '@aws-sdk/client-ssm'
import { describeFailure, failureKind, passesByItself } from './failure.ts'
import type { RemoteCommand, RemoteOutcome, RemoteStatus } from './remote-command.ts'
import { CALL_RETRIES, withRetries } from './retry.ts'
import { type Bucket, openBucket } from './s3.ts'
import type { LabContext } from './settings.ts'
import type { Final } from './ssm-poll.ts'

/** Systems Manager keeps so many characters of an output, and says nowhere that there was more. */
const KEPT = { stdout: 24_000, stderr: 8_000 } as const
/** It may say so in the text, which takes some of the room. */
const MARKER_ROOM = 64
const PLUGIN_FOLDER = 'awsrunShellScript/0.awsrunShellScript'
/** Most that is read back of one output. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
/** The agent stores the output before it tells the end, but the store may be seen later. */
const STORED_RETRIES = { ...CALL_RETRIES, attempts: 6, longestDelayMs: 5_000 }

export interface Ended {
  readonly command: RemoteCommand
  readonly commandId: string
  readonly instanceId: string
  readonly final: Final
}

/** What became of a command on an instance, with its whole output where that is to be had. */
export async function collectOutcome(
  client: SSMClient,
  ended: Ended,
  context: LabContext,
  signal: AbortSignal,
): Promise<RemoteOutcome> {
  const { instanceId, final } = ended
  if (final !== 'done') {
    const status = final === 'lost' ? 'lost' : 'timedOut'
    return { instanceId, status, exitCode: null, stdout: '', stderr: '', isCut: false }
  }
  const invocation = await invocationOf(client, ended, context, signal)
  const stdout = invocation.StandardOutputContent ?? ''
  const stderr = invocation.StandardErrorContent ?? ''
  const status = statusOf(invocation)
  const ranToItsEnd = status === 'success' || status === 'failed'
  const kept = { stdout, stderr, isCut: isFull(stdout, KEPT.stdout) || isFull(stderr, KEPT.stderr) }
  const output = kept.isCut ? await wholeOutput(ended, kept, context, signal) : kept
  return { instanceId, status, exitCode: ranToItsEnd ? (invocation.ResponseCode ?? null) : null, ...output }
}

function isFull(text: string, limit: number): boolean {
  return text.length >= limit - MARKER_ROOM
}

async function invocationOf(
  client: SSMClient,
  { commandId, instanceId }: Ended,
  context: LabContext,
  signal: AbortSignal,
): Promise<GetCommandInvocationResult> {
  const { GetCommandInvocationCommand } = await import('@aws-sdk/client-ssm')
  const request = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId })
  return withRetries(
    () => client.send(request, { abortSignal: signal }),
    {
      what: `GetCommandInvocation ${commandId} of ${instanceId}`,
      isWorthIt: (error) => passesByItself(error) || failureKind(error) === 'notYet',
    },
    context,
    signal,
  )
}

const UNDELIVERED = new Set(['DeliveryTimedOut', 'Undeliverable', 'InvalidPlatform', 'AccessDenied'])

function statusOf({ Status, StatusDetails }: GetCommandInvocationResult): RemoteStatus {
  if (UNDELIVERED.has((StatusDetails ?? '').replaceAll(' ', ''))) return 'undelivered'
  if (Status === 'Success') return 'success'
  if (Status === 'TimedOut') return 'timedOut'
  return Status === 'Cancelled' ? 'cancelled' : 'failed'
}

/** A prefix without the slash at its end: AWS adds one. */
export function folderOf(prefix: string): string {
  return prefix.replace(/\/+$/, '')
}

interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly isCut: boolean
}

async function wholeOutput(
  { command, commandId, instanceId }: Ended,
  kept: Output,
  context: LabContext,
  signal: AbortSignal,
): Promise<Output> {
  if (command.output === undefined) return kept
  const prefix = folderOf(command.output.prefix)
  const folder = `${prefix === '' ? '' : `${prefix}/`}${commandId}/${instanceId}/${PLUGIN_FOLDER}`
  const bucket = await openBucket(command.output.bucket, context)
  try {
    const read = (name: string) => readStored(bucket, `${folder}/${name}`, context, signal)
    const stdout = isFull(kept.stdout, KEPT.stdout) ? await read('stdout') : null
    const stderr = isFull(kept.stderr, KEPT.stderr) ? await read('stderr') : null
    return {
      stdout: stdout?.text ?? kept.stdout,
      stderr: stderr?.text ?? kept.stderr,
      isCut: (stdout?.isCut ?? false) || (stderr?.isCut ?? false),
    }
  } catch (error) {
    context.log(`output of ${commandId} on ${instanceId} stays cut: ${describeFailure(error)}`)
    return kept
  } finally {
    bucket.close()
  }
}

async function readStored(bucket: Bucket, key: string, context: LabContext, signal: AbortSignal) {
  return withRetries(
    () => bucket.readStart(key, MAX_OUTPUT_BYTES, signal),
    {
      what: `output ${key}`,
      policy: STORED_RETRIES,
      isWorthIt: (error) => passesByItself(error) || failureKind(error) === 'missing',
    },
    context,
    signal,
  )
}
