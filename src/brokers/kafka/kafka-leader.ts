/** Ids of nodes count from 1. */
const FIRST_ID = 1

/** Index of the node that leads the first partition of a topic, asked through these servers; null when none does. */
export async function kafkaLeader(
  servers: readonly string[],
  topic: string,
  signal: AbortSignal,
): Promise<number | null> {
  const { Admin } = await import('@platformatic/kafka')
  const admin = new Admin({ clientId: 'bench-leader', bootstrapBrokers: [...servers], retries: 0 })
  try {
    signal.throwIfAborted()
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    const metadata = await Promise.race([admin.metadata({ topics: [topic], forceUpdate: true }), aborted])
    const leader = metadata.topics.get(topic)?.partitions[0]?.leader ?? -1
    return leader < FIRST_ID ? null : leader - FIRST_ID
  } finally {
    await admin.close()
  }
}
