import type { ConsumerParts } from './platformatic-consume.ts'

/**
 * Whether the group has all its members and is at rest, and this member knows its part: nothing will be assigned anew
 * by a late joiner.
 */
export async function groupIsComplete(
  parts: ConsumerParts,
  expected: { readonly members: number; readonly partitions: number; readonly ownPartitions: number },
): Promise<boolean> {
  const { admin, group, library, options } = parts
  try {
    if (options.config.groupProtocol === 'classic') {
      const groups = await admin.describeGroups({ groups: [group.groupId] })
      const found = groups.get(group.groupId)
      return (
        found !== undefined &&
        found.state.toUpperCase() === 'STABLE' &&
        found.members.size >= expected.members
      )
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
    const assignedTo = (member: {
      assignment: { topicPartitions: readonly { partitions: readonly number[] }[] }
    }) => member.assignment.topicPartitions.reduce((sum, one) => sum + one.partitions.length, 0)
    const own = found?.members.find(({ memberId }) => memberId === group.memberId)
    if (found === undefined || own === undefined) return false
    // The coordinator may not have heard of a new topic yet: then the group is at rest with nothing to read.
    const assigned = found.members.reduce((sum, member) => sum + assignedTo(member), 0)
    return (
      assigned === expected.partitions &&
      assignedTo(own) === expected.ownPartitions &&
      found.groupState.toUpperCase() === 'STABLE' &&
      found.members.length >= expected.members &&
      found.members.every((member) => member.memberEpoch === found.groupEpoch)
    )
  } catch {
    return false
  }
}
