import type { TopicFigures, TopicSpec } from '../../driver/driver.ts'
import type { KafkaClient } from './clients/client.ts'

/**
 * Messages in the log of a topic, and how far each group's committed offsets are behind its end. Offsets are messages:
 * bench writes no transactions, whose markers would count as well. `groupOf` names the group of a subscription.
 */
export async function figuresOf(
  client: KafkaClient,
  topic: TopicSpec,
  groupOf: (subscription: string) => string,
): Promise<TopicFigures> {
  const log = await client.logRanges(topic.name, topic.partitions)
  const subscriptions = topic.subscriptions.map(async (subscription) => {
    const committed = await client.committedOffsets(groupOf(subscription), topic.name, topic.partitions)
    const behind = log.map(
      ({ start, end }, partition) => end - Math.max(start, committed.get(partition) ?? 0),
    )
    return { subscription, messagesOut: null, backlog: sum(behind), backlogUnit: 'messages' as const }
  })
  return {
    topic: topic.name,
    messagesIn: sum(log.map(({ end }) => end)),
    storageBytes: null,
    subscriptions: await Promise.all(subscriptions),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
