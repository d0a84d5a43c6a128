import { orAborted, pause } from '../../driver/abort.ts'
import type { TopicSpec } from '../../driver/driver.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'
import type { ClusterInfo, KafkaClient } from './clients/client.ts'
import type { KafkaConfig } from './kafka-config.ts'
import { authorisationError, deepText, isAuthorisation } from './kafka-errors.ts'

/** Replicas that a topic gets where nobody says how many. */
const DEFAULT_REPLICAS = 3
const LEADER_POLL_MS = 50
const LEADERS_LIMIT_MS = 30_000
const PROPAGATION_LIMIT_MS = 10_000

/** Replication factor for new topics: as asked, else all brokers, at most 3. Throws where there are too few brokers. */
export function replicationFactor(config: KafkaConfig, brokerCount: number): number {
  const asked = config.replicationFactor
  if (asked === undefined) return Math.min(brokerCount, DEFAULT_REPLICAS)
  if (asked <= brokerCount) return asked
  throw new AppError(
    'PREPARE',
    `expected at least ${asked} kafka brokers for replicationFactor ${asked}, got ${brokerCount}`,
    { hint: `set replicationFactor to at most ${brokerCount}, or start a cluster (--topology cluster)` },
  )
}

/** Makes the topics and waits until every partition has a leader. */
export async function createTopics(
  client: KafkaClient,
  config: KafkaConfig,
  cluster: ClusterInfo,
  topics: readonly TopicSpec[],
  signal: AbortSignal,
): Promise<void> {
  const factor = replicationFactor(config, cluster.brokerCount)
  const wanted = topics.map(({ name, partitions }) => ({ name, partitions, replicationFactor: factor }))
  try {
    await orAborted(client.createTopics(wanted), signal)
  } catch (error) {
    signal.throwIfAborted()
    throw creationError(error, topics)
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LEADERS_LIMIT_MS)])
  for (const topic of topics) await waitForLeaders(client, topic, limit, signal)
}

async function waitForLeaders(
  client: KafkaClient,
  topic: TopicSpec,
  limit: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  while (!limit.aborted) {
    const described = await orAborted(client.describeTopic(topic.name), limit).catch(() => null)
    const leaders = described?.leaders ?? []
    if (leaders.length === topic.partitions && leaders.every((leader) => leader >= 0)) return
    await pause(LEADER_POLL_MS, limit)
  }
  signal.throwIfAborted()
  throw new AppError(
    'PREPARE',
    `expected a leader for all ${topic.partitions} partitions of ${topic.name} within ${LEADERS_LIMIT_MS / 1000} s`,
    { hint: 'is a broker down? see the broker logs' },
  )
}

function creationError(error: unknown, topics: readonly TopicSpec[]): AppError {
  const names = topics.map(({ name }) => name).join(', ')
  if (isAuthorisation(error)) return authorisationError(`to create ${names}`, error)
  const text = deepText(error)
  if (/TOPIC_ALREADY_EXISTS|already exists/i.test(text))
    return new AppError('PREPARE', `expected new topics, got one that exists already: ${names}`, {
      cause: error,
      hint: 'runs never share topics: delete it, or let bench choose the name',
    })
  return new AppError(
    'PREPARE',
    `expected kafka to make ${names}, got: ${text.slice(0, 300) || messageOf(error)}`,
    {
      cause: error,
      hint: 'check topicConfig and replicationFactor in the driver file',
    },
  )
}

/** Repeats an operation on a new topic that the broker asked has not heard of yet: they learn of it one after another. */
export async function onceKnown<T>(operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const endMs = performance.now() + PROPAGATION_LIMIT_MS
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      const unknown =
        /UNKNOWN_TOPIC_OR_PARTITION|UNKNOWN_TOPIC_ID|does not host this topic|LEADER_NOT_AVAILABLE/
      if (signal.aborted || performance.now() > endMs || !unknown.test(deepText(error))) throw error
      await pause(LEADER_POLL_MS, signal)
    }
  }
}
