import { rmSync } from 'node:fs'
import {
  AssociateIamInstanceProfileCommand,
  DescribeInstancesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2'
import { errorAnswer } from './answers.ts'
import { type ApiCall, readCall } from './api-call.ts'
import { type CostOptions, costAnswer } from './cost-explorer.ts'
import { endInterfaces, interfacesThatEnd, withKeyName } from './deletions.ts'
import type { Endings } from './ec2-endings.ts'
import { ec2Refusal } from './ec2-rules.ts'
import { type InstanceFacts, instanceIds, rewriteInstances } from './ec2-xml.ts'
import type { Faults } from './faults.ts'
import { imageRefusal, tagSnapshots, withoutSnapshotTags } from './images.ts'
import type { Instances } from './instances.ts'
import { withLaunchTemplate, withoutOwnTags } from './launch-template.ts'
import { makeMetadata } from './metadata.ts'
import type { PlacementGroups } from './placement-groups.ts'
import { METADATA_PORT, PORT_HEADER, SERVICES_PORT, SOURCE_HEADER, VPC_HEADER } from './relay.ts'
import type { Spot } from './spot.ts'
import type { Ssm } from './ssm.ts'

export interface FrontOptions {
  readonly motoEndpoint: string
  /** Path of the socket at which the relays of the VPCs ask. */
  readonly socket: string
  readonly ec2: EC2Client
  readonly nowMs: () => number
  readonly faults: Faults
  readonly instances: Instances
  readonly ssm: Ssm
  readonly spot: Spot
  readonly groups: PlacementGroups
  readonly endings: Endings
  readonly costs: CostOptions
}

/** The servers before moto: one on loopback for the host, one on a socket for the instances. */
export interface Front {
  readonly endpoint: string
  stop(): Promise<void>
}

/** After these the account has other instances than before, or in other states. */
const CHANGE_INSTANCES = new Set([
  ...['RunInstances', 'CreateFleet', 'RequestSpotInstances', 'TerminateInstances'],
  ...['StartInstances', 'StopInstances', 'CreateTags', 'DeleteTags'],
])
const LIST_INSTANCES = new Set(['DescribeInstances', 'RunInstances'])
const MAX_BODY_BYTES = 512 * 1024 * 1024
const IDLE_S = 255

/** Starts both servers. */
export function startFront(options: FrontOptions): Front {
  const metadata = makeMetadata()
  const tokens = new Map<string, Promise<string>>()
  const carryOut = async (call: ApiCall): Promise<Response> => {
    const { ssm, spot, groups, endings, costs, ec2 } = options
    const own =
      (await ssm.answer(call)) ?? spot.answer(call) ?? groups.answer(call) ?? costAnswer(call, costs)
    if (own !== null) return own
    const slow = await endings.answer(call)
    if (slow !== null) return slow
    const refusal =
      call.service === 'ec2' ? ((await ec2Refusal(call, ec2)) ?? (await imageRefusal(call, ec2))) : null
    if (refusal !== null) return errorAnswer('ec2', refusal)
    return call.service === 'ec2' ? forwardEc2(call, options, tokens) : forward(call, options.motoEndpoint)
  }
  const answer = async (request: Request): Promise<Response> => {
    const call = await readCall(request)
    const met = options.faults.meet(call)
    if (met !== null && !met.isCarriedOut) return errorAnswer(call.protocol, met.error)
    const response = await carryOut(call)
    return met === null ? response : errorAnswer(call.protocol, met.error)
  }
  const fromInside = async (request: Request): Promise<Response> => {
    const port = Number(request.headers.get(PORT_HEADER))
    if (port === SERVICES_PORT) return answer(request)
    if (port === METADATA_PORT) {
      const address = request.headers.get(SOURCE_HEADER)
      const vpcId = request.headers.get(VPC_HEADER)
      const asking = [...options.instances.all.values()].find(
        (each) => each.address === address && each.vpcId === vpcId && each.endedMs === null,
      )
      return metadata.answer(request, asking, options.nowMs())
    }
    const { pathname, search } = new URL(request.url)
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
      ...{ method: request.method, redirect: 'manual', decompress: false },
    })
  }
  const common = { idleTimeout: IDLE_S, maxRequestBodySize: MAX_BODY_BYTES }
  const outer = Bun.serve({ ...common, hostname: '127.0.0.1', port: 0, fetch: safely(answer) })
  const inner = Bun.serve({
    maxRequestBodySize: MAX_BODY_BYTES,
    unix: options.socket,
    fetch: safely(fromInside),
  })
  return {
    endpoint: `http://127.0.0.1:${outer.port}`,
    stop: async () => {
      await Promise.all([outer.stop(true), inner.stop(true)])
      rmSync(options.socket, { force: true })
    },
  }
}

/** A defect of the double is said, and looks like none of AWS's own errors. */
function safely(answer: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await answer(request)
    } catch (error) {
      console.error(`test double: ${request.method} ${request.url}: ${error}`)
      return new Response(`test double: ${error}`, { status: 500 })
    }
  }
}

async function forwardEc2(
  call: ApiCall,
  options: FrontOptions,
  tokens: Map<string, Promise<string>>,
): Promise<Response> {
  const { instances } = options
  if (call.action === 'CreateImage') return createImage(call, options)
  const token = call.action === 'RunInstances' ? call.parameters.get('ClientToken') : null
  const earlier = token === null ? undefined : tokens.get(token)
  if (earlier !== undefined) return xml(await earlier)
  const ending = await interfacesThatEnd(call, options.ec2).catch(() => [])
  const full = await withKeyName(await withLaunchTemplate(call, options.ec2), options.ec2)
  const response = await forward(full, options.motoEndpoint)
  if (!response.ok) return response
  await endInterfaces(ending, options.ec2)
  if (call.action === 'DescribeLaunchTemplateVersions') return xml(withoutOwnTags(await response.text()))
  if (!CHANGE_INSTANCES.has(call.action) && !LIST_INSTANCES.has(call.action)) return response
  const listed = await response.text()
  if (call.action === 'RunInstances') await shareProfile(instanceIds(listed), options.ec2)
  if (CHANGE_INSTANCES.has(call.action)) await instances.reconcile()
  if (!LIST_INSTANCES.has(call.action)) return xml(listed)
  const text = rewriteInstances(listed, (id) => factsOf(id, options))
  // A retry with the same token gets the same instances; moto would start more.
  if (token !== null) tokens.set(token, Promise.resolve(text))
  return xml(text)
}

async function createImage(call: ApiCall, { ec2, motoEndpoint }: FrontOptions): Promise<Response> {
  const split = withoutSnapshotTags(call)
  const response = await forward(split.call, motoEndpoint)
  if (!response.ok) return response
  const answer = await response.text()
  await tagSnapshots(answer, split.snapshotTags, ec2)
  return xml(answer)
}

/** Of several instances that are run together, moto gives the profile to the first alone. */
async function shareProfile(ids: readonly string[], ec2: EC2Client): Promise<void> {
  if (ids.length < 2) return
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }))
  const instances = Reservations.flatMap((each) => each.Instances ?? [])
  const arn = instances.find((each) => each.IamInstanceProfile !== undefined)?.IamInstanceProfile?.Arn
  if (arn === undefined) return
  for (const { InstanceId, IamInstanceProfile } of instances)
    if (IamInstanceProfile === undefined)
      await ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Arn: arn } }))
}

function xml(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/xml' } })
}

function factsOf(id: string, { instances, endings }: FrontOptions): InstanceFacts | null {
  const machine = instances.all.get(id)
  if (machine === undefined) return null
  const { spotRequestId, stateReason } = machine
  return { state: endings.stateOf(id), spotRequestId, stateReason }
}

const NOT_FORWARDED = [
  'host',
  'connection',
  'content-length',
  'accept-encoding',
  SOURCE_HEADER,
  PORT_HEADER,
  VPC_HEADER,
]

async function forward(call: ApiCall, endpoint: string): Promise<Response> {
  const headers = new Headers(call.headers)
  for (const name of NOT_FORWARDED) headers.delete(name)
  const response = await fetch(endpoint + call.path, {
    ...{ method: call.method, headers, redirect: 'manual', decompress: false },
    body: call.method === 'GET' || call.method === 'HEAD' ? null : call.body,
  })
  const own = new Headers(response.headers)
  for (const name of ['connection', 'transfer-encoding']) own.delete(name)
  if (call.method === 'HEAD') return new Response(null, { status: response.status, headers: own })
  own.delete('content-length')
  return new Response(await response.arrayBuffer(), { status: response.status, headers: own })
}
