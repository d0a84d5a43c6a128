/** Names on the broker: a topic is a direct exchange, each partition of each subscription a queue bound to it. */

/** The routing key of a partition. */
export function routingKeyOf(partition: number): string {
  return String(partition)
}

/** Streams keep their messages, so all subscriptions read the same one; other queues are one a subscription. */
export function queueOf(topic: string, subscription: string, partition: number, isStream: boolean): string {
  return isStream ? `${topic}.${partition}` : `${topic}.${subscription}.${partition}`
}

/**
 * Partitions that a consumer reads. Queues are dealt out in turn while there are enough; consumers beyond that share a
 * queue where `competing`, else have none.
 */
export function partitionsOf(
  index: number,
  consumers: number,
  partitions: number,
  competing: boolean,
): number[] {
  if (index >= partitions) return competing ? [index % partitions] : []
  const own: number[] = []
  for (let partition = index; partition < partitions; partition += consumers) own.push(partition)
  return own
}

/** The partition of a key: FNV-1a over its UTF-16 units, the same in every process. */
export function partitionOfKey(key: string, partitions: number): number {
  let hash = 0x81_1c_9d_c5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193)
  return ((hash ^ (hash >>> 15)) >>> 0) % partitions
}
