import { ec2Answer, errorAnswer, escapeXml } from './answers.ts'
import { type ApiCall, filtersOf, listOf } from './api-call.ts'
import { isLive, type Machine } from './machine.ts'

/** Spot requests of the instances that were run as spot: moto keeps none of them. */
export interface Spot {
  /** What it answers itself; null for what moto shall answer. */
  answer(call: ApiCall): Response | null
  /** Ids of requests that are neither closed nor cancelled. */
  open(): string[]
}

interface SpotRequest {
  readonly machine: Machine
  readonly id: string
  readonly state: string
  readonly code: string
  readonly tags: Readonly<Record<string, string>>
}

/** Why a spot instance was taken away, as AWS says it. */
export const INTERRUPTION = {
  code: 'Server.SpotInstanceTermination',
  message: 'Server.SpotInstanceTermination: Spot instance termination',
} as const

/** The requests of these instances. */
export function makeSpot(machines: ReadonlyMap<string, Machine>): Spot {
  const cancelled = new Set<string>()
  const tags = new Map<string, Record<string, string>>()
  const requests = (): SpotRequest[] =>
    [...machines.values()]
      .filter((machine) => machine.spotRequestId !== null)
      .map((machine) => ({
        ...{ machine, id: machine.spotRequestId!, tags: tags.get(machine.spotRequestId!) ?? {} },
        ...stateOf(machine, cancelled.has(machine.spotRequestId!)),
      }))
  const answer = ({ service, action, parameters }: ApiCall): Response | null => {
    if (service !== 'ec2') return null
    if (action === 'DescribeSpotInstanceRequests') return describe(parameters, requests())
    if (action === 'CancelSpotInstanceRequests') {
      const ids = listOf(parameters, 'SpotInstanceRequestId')
      for (const id of ids) cancelled.add(id)
      const items = ids.map(
        (id) => `<item><spotInstanceRequestId>${id}</spotInstanceRequestId><state>cancelled</state></item>`,
      )
      return ec2Answer(action, `<spotInstanceRequestSet>${items.join('')}</spotInstanceRequestSet>`)
    }
    if (action === 'CreateTags' || action === 'DeleteTags') return tag(action, parameters, tags)
    return null
  }
  return {
    answer,
    open: () =>
      requests()
        .filter(({ state }) => state === 'active')
        .map(({ id }) => id),
  }
}

function stateOf(machine: Machine, isCancelled: boolean): { state: string; code: string } {
  if (isCancelled)
    return {
      state: 'cancelled',
      code: isLive(machine) ? 'request-canceled-and-instance-running' : 'canceled-before-fulfillment',
    }
  if (isLive(machine)) return { state: 'active', code: 'fulfilled' }
  const isTaken = machine.stateReason?.code === INTERRUPTION.code
  return {
    state: 'closed',
    code: isTaken ? 'instance-terminated-no-capacity' : 'instance-terminated-by-user',
  }
}

function describe(parameters: URLSearchParams, requests: readonly SpotRequest[]): Response {
  const ids = listOf(parameters, 'SpotInstanceRequestId')
  const filters = filtersOf(parameters)
  const missing = ids.find((id) => !requests.some((request) => request.id === id))
  if (missing !== undefined)
    return errorAnswer('ec2', {
      code: 'InvalidSpotInstanceRequestID.NotFound',
      message: `The spot instance request ID '${missing}' does not exist`,
    })
  const found = requests
    .filter((request) => ids.length === 0 || ids.includes(request.id))
    .filter((request) =>
      [...filters].every(([name, values]) => values.includes(fieldOf(request, name) ?? '')),
    )
  return ec2Answer(
    'DescribeSpotInstanceRequests',
    `<spotInstanceRequestSet>${found.map(itemOf).join('')}</spotInstanceRequestSet>`,
  )
}

function fieldOf(request: SpotRequest, name: string): string | undefined {
  if (name.startsWith('tag:')) return request.tags[name.slice(4)]
  if (name === 'instance-id') return request.machine.id
  return name === 'state' ? request.state : name === 'spot-instance-request-id' ? request.id : undefined
}

function itemOf({ machine, id, state, code, tags }: SpotRequest): string {
  const started = new Date(machine.startedMs).toISOString()
  const tagSet = Object.entries(tags)
    .map(([key, value]) => `<item><key>${escapeXml(key)}</key><value>${escapeXml(value)}</value></item>`)
    .join('')
  return `<item><spotInstanceRequestId>${id}</spotInstanceRequestId><spotPrice>0.100000</spotPrice>
<type>one-time</type><state>${state}</state>
<status><code>${code}</code><updateTime>${started}</updateTime><message>${code}</message></status>
<instanceId>${machine.id}</instanceId><createTime>${started}</createTime>
<productDescription>Linux/UNIX</productDescription><instanceInterruptionBehavior>terminate</instanceInterruptionBehavior>
<launchSpecification><imageId>${machine.imageId}</imageId><instanceType>${machine.type}</instanceType></launchSpecification>
<launchedAvailabilityZone>${machine.zone}</launchedAvailabilityZone><tagSet>${tagSet}</tagSet></item>`
}

/** Tags of requests; null when the call names anything else, which moto keeps. */
function tag(
  action: string,
  parameters: URLSearchParams,
  tags: Map<string, Record<string, string>>,
): Response | null {
  const ids = listOf(parameters, 'ResourceId')
  if (ids.length === 0 || !ids.every((id) => id.startsWith('sir-'))) return null
  for (const id of ids) {
    const own = { ...tags.get(id) }
    for (let i = 1; parameters.has(`Tag.${i}.Key`); i++) {
      const key = parameters.get(`Tag.${i}.Key`)!
      if (action === 'CreateTags') own[key] = parameters.get(`Tag.${i}.Value`) ?? ''
      else delete own[key]
    }
    tags.set(id, own)
  }
  return ec2Answer(action, '<return>true</return>')
}
