import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Machine } from './machine.ts'

const PLUGIN_FOLDER = 'awsrunShellScript/0.awsrunShellScript'

/** Limits of Systems Manager, in characters. */
export const OUTPUT_LIMITS = { stdout: 24_000, stderr: 8_000, plugin: 2_500 } as const

export type InvocationStatus = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled'

/** A command on one instance. */
export interface Invocation {
  readonly machine: Machine
  /** Until then, asking for it says that it does not exist. */
  readonly visibleFromMs: number
  status: InvocationStatus
  /** As the API says it: `ExecutionTimedOut`, `DeliveryTimedOut`; else as the status. */
  details: string
  exitCode: number
  stdout: string
  stderr: string
  startedMs: number | null
  endedMs: number | null
  /** Resolved by CancelCommand. */
  readonly cancelled: PromiseWithResolvers<'Cancelled'>
}

/** A command that was sent. */
export interface SentCommand {
  readonly id: string
  readonly script: string
  readonly folder: string
  readonly comment: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly executionLimitMs: number
  readonly deliveryLimitMs: number
  readonly bucket: string | null
  readonly prefix: string
  readonly requestedMs: number
  readonly invocations: readonly Invocation[]
}

export interface ExecutionOptions {
  readonly s3: S3Client
  /** Folder of the host for output. */
  readonly folder: string
  readonly nowMs: () => number
  /** Calls back once after a delay; the function given back takes that away. */
  readonly after: (delayMs: number, callback: () => void) => () => void
  readonly env: (machine: Machine) => Readonly<Record<string, string>>
}

/** Carries out a command on one instance; resolves when the invocation has its final state. */
export async function execute(
  command: SentCommand,
  invocation: Invocation,
  options: ExecutionOptions,
): Promise<void> {
  const outcome = await deliverAndRun(command, invocation, options)
  invocation.status = outcome === 'finished' ? statusOf(invocation.exitCode) : STATUS_OF[outcome]
  invocation.details = outcome === 'finished' ? invocation.status : outcome
  invocation.endedMs = options.nowMs()
}

type Outcome = 'finished' | 'Cancelled' | 'DeliveryTimedOut' | 'ExecutionTimedOut'

const STATUS_OF = {
  Cancelled: 'Cancelled',
  DeliveryTimedOut: 'TimedOut',
  ExecutionTimedOut: 'TimedOut',
} as const

function statusOf(exitCode: number): InvocationStatus {
  return exitCode === 0 ? 'Success' : 'Failed'
}

async function deliverAndRun(
  command: SentCommand,
  invocation: Invocation,
  options: ExecutionOptions,
): Promise<Outcome> {
  const { machine, cancelled } = invocation
  // A command for an agent that is silent when it is sent is not delivered later.
  if (machine.agent !== 'online' || machine.box === null) {
    const delivery = alarm(options, command.deliveryLimitMs)
    const outcome = await Promise.race([delivery.rung, cancelled.promise])
    delivery.stop()
    return outcome === 'rung' ? 'DeliveryTimedOut' : outcome
  }
  const folder = join(options.folder, machine.id, command.id)
  mkdirSync(folder, { recursive: true })
  const files = { stdout: join(folder, 'stdout'), stderr: join(folder, 'stderr') }
  const document = `/var/lib/amazon/ssm/${machine.id}/document/orchestration/${command.id}`
  invocation.status = 'InProgress'
  invocation.details = 'InProgress'
  invocation.startedMs = options.nowMs()
  const running = machine.box.run({
    ...files,
    script: command.script,
    path: `${document}/${PLUGIN_FOLDER}/_script.sh`,
    folder: command.folder,
    env: options.env(machine),
  })
  const execution = alarm(options, command.executionLimitMs)
  const first = await Promise.race([running.exited, execution.rung, cancelled.promise])
  // An instance that ended cannot report: the service learns of it by the time limit alone.
  const hasDied = typeof first === 'number' && machine.endedMs !== null
  const outcome = hasDied ? await Promise.race([execution.rung, cancelled.promise]) : first
  execution.stop()
  if (typeof outcome === 'number') invocation.exitCode = outcome
  else await running.kill()
  invocation.stdout = await Bun.file(files.stdout).text()
  invocation.stderr = await Bun.file(files.stderr).text()
  await store(command, invocation, options.s3)
  if (typeof outcome === 'number') return 'finished'
  return outcome === 'rung' ? 'ExecutionTimedOut' : outcome
}

interface Alarm {
  readonly rung: Promise<'rung'>
  stop(): void
}

function alarm(options: ExecutionOptions, delayMs: number): Alarm {
  const { promise, resolve } = Promise.withResolvers<'rung'>()
  return { rung: promise, stop: options.after(delayMs, () => resolve('rung')) }
}

/** The whole output, where the sender asked for it, under the keys that the agent uses. */
async function store(command: SentCommand, { machine, stdout, stderr }: Invocation, s3: S3Client) {
  if (command.bucket === null) return
  const folder = `${keyPrefix(command.prefix)}${command.id}/${machine.id}/${PLUGIN_FOLDER}`
  for (const [name, text] of Object.entries({ stdout, stderr })) {
    if (text === '') continue
    const object = { Bucket: command.bucket, Key: `${folder}/${name}`, Body: text }
    await s3.send(new PutObjectCommand(object)).catch((error) => {
      console.error(`test double: output of ${command.id} could not be stored: ${error}`)
    })
  }
}

function keyPrefix(prefix: string): string {
  return prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`
}
