import type { Instance } from '@aws-sdk/client-ec2'
import { tagFilter } from '../aws/cleanup/resource-kind.ts'
import { withRetries } from '../aws/retry.ts'
import { clientSettings, type LabContext } from '../aws/settings.ts'

/** An instance of an experiment as AWS sees it now. */
export interface SeenInstance {
  readonly id: string
  readonly role: string
  /** E.g. `broker-2`. */
  readonly name: string
  readonly instanceType: string
  readonly spot: boolean
  readonly privateIp: string
  readonly publicIp: string | null
  readonly launchedMs: number
  /** `pending`, `running`, `shutting-down`, `terminated`, … */
  readonly state: string
  /** Why it ended, in AWS's words; null while it runs. */
  readonly reason: string | null
  /** Whether AWS has said that it takes this spot instance back. */
  readonly isMarked: boolean
}

/** All instances that carry the experiment's tag, those that ended a while ago included. */
export async function seenInstances(
  experimentId: string,
  context: LabContext,
  signal: AbortSignal,
): Promise<SeenInstance[]> {
  const sdk = await import('@aws-sdk/client-ec2')
  const client = new sdk.EC2Client(clientSettings(context.aws))
  const Filters = [tagFilter(experimentId)]
  const list = async () => {
    const found: Instance[] = []
    for await (const { Reservations = [] } of sdk.paginateDescribeInstances({ client }, { Filters }))
      found.push(...Reservations.flatMap((each) => each.Instances ?? []))
    return found
  }
  const requests = async () => {
    const marked = new Set<string>()
    for await (const page of sdk.paginateDescribeSpotInstanceRequests({ client }, { Filters }))
      for (const { Status, InstanceId } of page.SpotInstanceRequests ?? [])
        if (Status?.Code === 'marked-for-termination' && InstanceId !== undefined) marked.add(InstanceId)
    return marked
  }
  try {
    const found = await withRetries(list, { what: 'DescribeInstances' }, context, signal)
    const hasSpot = found.some(({ InstanceLifecycle }) => InstanceLifecycle === 'spot')
    const what = 'DescribeSpotInstanceRequests'
    const marked = hasSpot ? await withRetries(requests, { what }, context, signal) : new Set<string>()
    return found.map((each) => seenOf(each, experimentId, marked))
  } finally {
    client.destroy()
  }
}

function seenOf(instance: Instance, experimentId: string, marked: ReadonlySet<string>): SeenInstance {
  const tag = (name: string) => instance.Tags?.find(({ Key }) => Key === name)?.Value
  const id = instance.InstanceId!
  const prefix = `bench-${experimentId}-`
  const name = tag('Name') ?? id
  return {
    id,
    role: tag('Role') ?? 'unknown',
    name: name.startsWith(prefix) ? name.slice(prefix.length) : name,
    instanceType: instance.InstanceType ?? 'unknown',
    spot: instance.InstanceLifecycle === 'spot',
    privateIp: instance.PrivateIpAddress ?? 'none',
    publicIp: instance.PublicIpAddress ?? null,
    launchedMs: instance.LaunchTime?.getTime() ?? 0,
    state: instance.State?.Name ?? 'unknown',
    reason: instance.StateReason?.Message || null,
    isMarked: marked.has(id),
  }
}

/** Whether it is there and stays, as far as AWS has told. */
export function isUp({ state, isMarked }: SeenInstance): boolean {
  return (state === 'running' || state === 'pending') && !isMarked
}
