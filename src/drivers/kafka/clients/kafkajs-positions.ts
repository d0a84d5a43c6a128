import type { Admin } from 'kafkajs'

export interface StartPosition {
  readonly partition: number
  readonly offset: number
  /** Nothing was committed: the offset is the start position, to be committed now. */
  readonly isNew: boolean
}

/** Where to start reading partitions: what the group committed, else the asked end of the log. */
export async function startPositions(
  admin: Admin,
  groupId: string,
  topic: string,
  partitions: readonly number[],
  startAt: 'earliest' | 'latest',
): Promise<StartPosition[]> {
  const committed = (await admin.fetchOffsets({ groupId, topics: [topic] }))[0]?.partitions ?? []
  const known = new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]))
  const ends = await admin.fetchTopicOffsets(topic)
  return partitions.map((partition) => {
    const offset = known.get(partition) ?? -1
    if (offset >= 0) return { partition, offset, isNew: false }
    const end = ends.find((one) => one.partition === partition)
    return { partition, offset: Number((startAt === 'earliest' ? end?.low : end?.high) ?? 0), isNew: true }
  })
}
