import { randomUUID } from 'node:crypto'
import { type ApiError, errorAnswer, json } from './answers.ts'
import type { ApiCall } from './api-call.ts'
import { isManaged, type Machine } from './machine.ts'
import {
  type ExecutionOptions,
  execute,
  type Invocation,
  OUTPUT_LIMITS,
  type SentCommand,
} from './ssm-commands.ts'

export interface SsmOptions extends ExecutionOptions {
  readonly machines: ReadonlyMap<string, Machine>
  /** Tags of an instance. */
  readonly tagsOf: (id: string) => Readonly<Record<string, string>>
  /** How long an invocation does not exist after its command was sent. */
  readonly invisibleMs: () => number
}

/** Systems Manager's Run Command: what it answers itself; null for what moto shall answer. */
export interface Ssm {
  answer(call: ApiCall): Promise<Response | null>
  /** Every command that was sent, newest last. */
  readonly commands: readonly SentCommand[]
}

type Fields = Readonly<Record<string, unknown>>

const DEFAULT_EXECUTION_S = 3600
const DEFAULT_DELIVERY_S = 3600
const SHORTEST_DELIVERY_S = 30
const MOST_INSTANCES = 50
const DEFAULT_FOLDER = '/usr/bin'

class Refusal extends Error {
  readonly error: ApiError
  constructor(code: string, message: string) {
    super(message)
    this.error = { code, message }
  }
}

/** A Run Command that has sent nothing yet. */
export function makeSsm(options: SsmOptions): Ssm {
  const commands: SentCommand[] = []
  const operations: Readonly<Record<string, (fields: Fields) => Promise<unknown> | unknown>> = {
    SendCommand: (fields) => send(fields, commands, options),
    GetCommandInvocation: (fields) => invocationAnswer(...findInvocation(fields, commands, options)),
    ListCommandInvocations: (fields) => listInvocations(fields, commands, options),
    ListCommands: (fields) => ({
      Commands: commands
        .filter((each) => [undefined, each.id].includes(fields.CommandId as string))
        .map(commandAnswer),
    }),
    CancelCommand: (fields) => cancel(fields, commands),
    DescribeInstanceInformation: (fields) => describe(fields, options),
  }
  const answer = async (call: ApiCall) => {
    const operation = call.service === 'ssm' ? operations[call.action] : undefined
    if (operation === undefined) return null
    try {
      return json(await operation(call.json))
    } catch (error) {
      if (error instanceof Refusal) return errorAnswer('json', error.error)
      throw error
    }
  }
  return { answer, commands }
}

async function send(fields: Fields, commands: SentCommand[], options: SsmOptions) {
  if (fields.DocumentName !== 'AWS-RunShellScript')
    throw new Refusal('InvalidDocument', `Document with name ${fields.DocumentName} does not exist.`)
  const parameters = (fields.Parameters ?? {}) as Record<string, string[] | undefined>
  if (!parameters.commands?.length) throw new Refusal('InvalidParameters', 'Parameter "commands" is required')
  const deliveryS = Number(fields.TimeoutSeconds ?? DEFAULT_DELIVERY_S)
  if (deliveryS < SHORTEST_DELIVERY_S)
    throw new Refusal('ValidationException', `TimeoutSeconds must be at least ${SHORTEST_DELIVERY_S}`)
  const machines = await targetsOf(fields, options)
  const nowMs = options.nowMs()
  const command: SentCommand = {
    id: randomUUID(),
    script: parameters.commands.join('\n'),
    folder: parameters.workingDirectory?.[0] || DEFAULT_FOLDER,
    comment: String(fields.Comment ?? ''),
    parameters,
    executionLimitMs: Number(parameters.executionTimeout?.[0] ?? DEFAULT_EXECUTION_S) * 1000,
    deliveryLimitMs: deliveryS * 1000,
    bucket: (fields.OutputS3BucketName as string | undefined) ?? null,
    prefix: String(fields.OutputS3KeyPrefix ?? ''),
    requestedMs: nowMs,
    invocations: machines.map((machine) => ({
      machine,
      visibleFromMs: nowMs + options.invisibleMs(),
      ...{ status: 'Pending', details: 'Pending', exitCode: -1, stdout: '', stderr: '' },
      ...{ startedMs: null, endedMs: null, cancelled: Promise.withResolvers<'Cancelled'>() },
    })),
  }
  commands.push(command)
  for (const invocation of command.invocations) {
    execute(command, invocation, options).catch((error) => {
      console.error(`test double: command ${command.id} on ${invocation.machine.id}: ${error}`)
    })
  }
  return { Command: commandAnswer(command) }
}

async function targetsOf(fields: Fields, options: SsmOptions): Promise<Machine[]> {
  const ids = (fields.InstanceIds ?? []) as string[]
  if (ids.length > MOST_INSTANCES)
    throw new Refusal('ValidationException', `InstanceIds must have at most ${MOST_INSTANCES} members`)
  const targets = (fields.Targets ?? []) as { Key: string; Values: string[] }[]
  if (ids.length === 0) {
    const filters = targets.map(({ Key, Values }) => ({ Key, Values }))
    return filterMachines([...options.machines.values()].filter(isManaged), filters, options)
  }
  return ids.map((id) => {
    const machine = options.machines.get(id)
    if (machine === undefined || !isManaged(machine))
      throw new Refusal('InvalidInstanceId', `Instances [[${id}]] not in a valid state for account`)
    return machine
  })
}

async function filterMachines(
  machines: readonly Machine[],
  filters: readonly { readonly Key: string; readonly Values: readonly string[] }[],
  { tagsOf }: SsmOptions,
): Promise<Machine[]> {
  const kept: Machine[] = []
  for (const machine of machines) {
    const tags = tagsOf(machine.id)
    const values: Record<string, string> = {
      InstanceIds: machine.id,
      PingStatus: pingStatus(machine),
      ResourceType: 'EC2Instance',
    }
    const has = ({ Key, Values }: { readonly Key: string; readonly Values: readonly string[] }) =>
      Values.includes((Key.startsWith('tag:') ? tags[Key.slice(4)] : values[Key]) ?? '')
    if (filters.every(has)) kept.push(machine)
  }
  return kept
}

function pingStatus(machine: Machine): string {
  return machine.agent === 'online' ? 'Online' : 'ConnectionLost'
}

async function describe(fields: Fields, options: SsmOptions) {
  const filters = (fields.Filters ?? []) as { Key: string; Values: string[] }[]
  const managed = await filterMachines([...options.machines.values()].filter(isManaged), filters, options)
  const { page, next } = pageOf(managed, fields)
  return {
    InstanceInformationList: page.map((machine) => ({
      InstanceId: machine.id,
      PingStatus: pingStatus(machine),
      LastPingDateTime: options.nowMs() / 1000,
      AgentVersion: '3.3.3598.0',
      PlatformType: 'Linux',
      ResourceType: 'EC2Instance',
      IPAddress: machine.address,
      IamRole: machine.profile,
    })),
    ...next,
  }
}

const DEFAULT_PAGE = 10

function pageOf<T>(items: readonly T[], fields: Fields): { page: T[]; next: { NextToken?: string } } {
  const from = Number(fields.NextToken ?? 0)
  const to = from + Number(fields.MaxResults ?? DEFAULT_PAGE)
  return { page: items.slice(from, to), next: to < items.length ? { NextToken: String(to) } : {} }
}

function findCommand(fields: Fields, commands: readonly SentCommand[]): SentCommand {
  const command = commands.find((each) => each.id === fields.CommandId)
  if (command === undefined) throw new Refusal('InvalidCommandId', `no command ${fields.CommandId}`)
  return command
}

function findInvocation(
  fields: Fields,
  commands: readonly SentCommand[],
  { nowMs }: SsmOptions,
): [SentCommand, Invocation] {
  const command = commands.find((each) => each.id === fields.CommandId)
  const invocation = command?.invocations.find((each) => each.machine.id === fields.InstanceId)
  if (command === undefined || invocation === undefined || nowMs() < invocation.visibleFromMs)
    throw new Refusal(
      'InvocationDoesNotExist',
      'The command ID and instance ID did not match any invocations.',
    )
  return [command, invocation]
}

function listInvocations(fields: Fields, commands: readonly SentCommand[], options: SsmOptions) {
  const visible = commands
    .filter((command) => [undefined, command.id].includes(fields.CommandId as string))
    .flatMap((command) => command.invocations.map((invocation) => ({ command, invocation })))
    .filter(({ invocation }) => options.nowMs() >= invocation.visibleFromMs)
    .filter(({ invocation }) => [undefined, invocation.machine.id].includes(fields.InstanceId as string))
  const { page, next } = pageOf(visible, { MaxResults: MOST_INSTANCES, ...fields })
  return {
    CommandInvocations: page.map(({ command, invocation }) => ({
      CommandId: command.id,
      InstanceId: invocation.machine.id,
      Comment: command.comment,
      DocumentName: 'AWS-RunShellScript',
      RequestedDateTime: command.requestedMs / 1000,
      Status: invocation.status,
      StatusDetails: invocation.details,
      CommandPlugins: fields.Details === true ? [pluginAnswer(invocation)] : [],
    })),
    ...next,
  }
}

function pluginAnswer(invocation: Invocation) {
  return {
    Name: 'aws:runShellScript',
    Status: invocation.status,
    StatusDetails: invocation.details,
    ResponseCode: invocation.exitCode,
    Output: (invocation.stdout + invocation.stderr).slice(0, OUTPUT_LIMITS.plugin),
  }
}

function cancel(fields: Fields, commands: readonly SentCommand[]) {
  const command = findCommand(fields, commands)
  const ids = fields.InstanceIds as string[] | undefined
  for (const { machine, cancelled } of command.invocations)
    if (!ids?.length || ids.includes(machine.id)) cancelled.resolve('Cancelled')
  return {}
}

function invocationAnswer(command: SentCommand, invocation: Invocation) {
  const isFinal = invocation.endedMs !== null
  const path = `${command.prefix === '' ? '' : `${command.prefix}/`}${command.id}/${invocation.machine.id}`
  const url =
    command.bucket === null ? '' : `s3://${command.bucket}/${path}/awsrunShellScript/0.awsrunShellScript`
  return {
    CommandId: command.id,
    InstanceId: invocation.machine.id,
    Comment: command.comment,
    DocumentName: 'AWS-RunShellScript',
    PluginName: 'aws:runShellScript',
    ResponseCode: invocation.exitCode,
    ExecutionStartDateTime: timeOf(invocation.startedMs),
    ExecutionEndDateTime: timeOf(invocation.endedMs),
    Status: invocation.status,
    StatusDetails: invocation.details,
    StandardOutputContent: isFinal ? invocation.stdout.slice(0, OUTPUT_LIMITS.stdout) : '',
    StandardErrorContent: isFinal ? invocation.stderr.slice(0, OUTPUT_LIMITS.stderr) : '',
    StandardOutputUrl: url === '' ? '' : `${url}/stdout`,
    StandardErrorUrl: url === '' ? '' : `${url}/stderr`,
  }
}

function timeOf(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toISOString()
}

function commandAnswer(command: SentCommand) {
  return {
    CommandId: command.id,
    DocumentName: 'AWS-RunShellScript',
    Comment: command.comment,
    Parameters: command.parameters,
    InstanceIds: command.invocations.map(({ machine }) => machine.id),
    RequestedDateTime: command.requestedMs / 1000,
    Status: overall(command),
    StatusDetails: overall(command),
    OutputS3BucketName: command.bucket ?? '',
    OutputS3KeyPrefix: command.prefix,
    TargetCount: command.invocations.length,
    CompletedCount: command.invocations.filter(({ endedMs }) => endedMs !== null).length,
  }
}

function overall({ invocations }: SentCommand): string {
  const gravest = ['InProgress', 'Pending', 'Cancelled', 'TimedOut', 'Failed', 'Success']
  return gravest.find((status) => invocations.some((each) => each.status === status)) ?? 'Success'
}
