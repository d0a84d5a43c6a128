import type { Consumer as GroupConsumer } from '@platformatic/kafka'
import { pause } from '../../../driver/abort.ts'
import { deepText } from '../kafka-errors.ts'

/**
 * A cluster that has just been made serves no group until it has a topic for groups, which it makes for the first one:
 * fifty partitions, each in several copies, take longer than the library's own few tries.
 */
const FIRST_GROUP_LIMIT_MS = 60_000
const FIRST_GROUP_PAUSE_MS = 500
const NOT_YET = /COORDINATOR_NOT_AVAILABLE|COORDINATOR_LOAD_IN_PROGRESS|NOT_COORDINATOR/

/** Joins the group; waits while its coordinator is not there yet. Throws what the library throws, and the signal's reason. */
export async function joinGroup(
  group: GroupConsumer,
  topic: string,
  protocol: 'classic' | 'consumer',
  signal: AbortSignal,
): Promise<void> {
  const sinceMs = performance.now()
  while (true) {
    try {
      return await join(group, topic, protocol)
    } catch (error) {
      const isLate = performance.now() - sinceMs >= FIRST_GROUP_LIMIT_MS
      if (isLate || !NOT_YET.test(deepText(error))) throw error
      await pause(FIRST_GROUP_PAUSE_MS, signal)
      signal.throwIfAborted()
    }
  }
}

async function join(group: GroupConsumer, topic: string, protocol: 'classic' | 'consumer'): Promise<void> {
  if (protocol === 'classic') {
    group.topics.track(topic)
    await group.joinGroup()
    return
  }
  // The library joins a KIP-848 group only together with a stream; one that nobody reads fetches nothing.
  const stream = await group.consume({ topics: [topic], autocommit: false, mode: 'latest' })
  stream.on('error', () => {})
}
