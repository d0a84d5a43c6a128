import type { ConsumerParts } from './platformatic-consume.ts'

/** Whether the group has all its members and is at rest: nothing will be assigned anew by a late joiner. */
export async function groupIsComplete(parts: ConsumerParts, members: number): Promise<boolean> {
  const { admin, group, library, options } = parts
  try {
    if (options.config.groupProtocol === 'classic') {
      const groups = await admin.describeGroups({ groups: [group.groupId] })
      const found = groups.get(group.groupId)
      return found !== undefined && found.state.toUpperCase() === 'STABLE' && found.members.size >= members
    }
    const [coordinator] = await admin.findCoordinator({
      keyType: library.FindCoordinatorKeyTypes.GROUP,
      keys: [group.groupId],
    })
    if (coordinator === undefined) return false
    const connection = (await admin.connectToBrokers([coordinator.nodeId])).get(coordinator.nodeId)
    if (connection === undefined) return false
    const answer = await library.consumerGroupDescribeV0.api.async(connection, [group.groupId], false)
    const found = answer.groups[0]
    return (
      found !== undefined &&
      found.groupState.toUpperCase() === 'STABLE' &&
      found.members.length >= members &&
      found.members.every((member) => member.memberEpoch === found.groupEpoch)
    )
  } catch {
    return false
  }
}
