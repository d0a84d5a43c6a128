import type { SSMClient } from '@aws-sdk/client-ssm'
import { AppError } from '../../errors/app-error.ts'
import { poll, withRetries } from './retry.ts'
import type { LabContext } from './settings.ts'

/** Most values of one filter. */
const GROUP_SIZE = 50
const MANAGED_POLL = { firstDelayMs: 500, longestDelayMs: 5_000 }

/** Resolves when the agent of every instance answers; throws `AppError('PREPARE')` after `limitMs`. */
export async function waitUntilManaged(
  client: SSMClient,
  instanceIds: readonly string[],
  limitMs: number,
  context: LabContext,
  signal: AbortSignal,
): Promise<void> {
  let missing: readonly string[] = instanceIds
  const probe = async () => {
    const online = await onlineInstances(client, instanceIds, context, signal)
    missing = instanceIds.filter((id) => !online.has(id))
    return missing.length === 0 ? true : null
  }
  if ((await poll(probe, { ...MANAGED_POLL, limitMs }, context, signal)) !== null) return
  throw new AppError(
    'PREPARE',
    `expected all ${instanceIds.length} instances to answer Systems Manager within ${limitMs / 1000} s, missing: ${missing.join(', ')}`,
    {
      hint: 'does the instance profile carry AmazonSSMManagedInstanceCore, does the image bring the agent, and can the instance reach AWS?',
    },
  )
}

/** Those of the instances whose agent answers now. */
export async function onlineInstances(
  client: SSMClient,
  instanceIds: readonly string[],
  context: LabContext,
  signal: AbortSignal,
): Promise<Set<string>> {
  const { paginateDescribeInstanceInformation } = await import('@aws-sdk/client-ssm')
  const online = new Set<string>()
  for (let i = 0; i < instanceIds.length; i += GROUP_SIZE) {
    const Filters = [{ Key: 'InstanceIds', Values: instanceIds.slice(i, i + GROUP_SIZE) }]
    const list = async () => {
      const pages = paginateDescribeInstanceInformation({ client, pageSize: GROUP_SIZE }, { Filters })
      for await (const { InstanceInformationList = [] } of pages)
        for (const each of InstanceInformationList)
          if (each.PingStatus === 'Online') online.add(each.InstanceId!)
    }
    await withRetries(list, { what: 'DescribeInstanceInformation' }, context, signal)
  }
  return online
}
