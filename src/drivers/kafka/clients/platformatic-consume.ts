import type { Admin, Consumer as GroupConsumer } from '@platformatic/kafka'
import { orAborted, pause } from '../../../driver/abort.ts'
import type { Consumer, ConsumerSpec } from '../../../driver/driver.ts'
import { createCommitter } from '../committer.ts'
import { createOffsetLedger } from '../offset-ledger.ts'
import type { ClientOptions } from './client.ts'
import { createFetcher } from './platformatic-fetch.ts'
import { groupIsComplete } from './platformatic-group.ts'
import { joinGroup } from './platformatic-join.ts'
import type { Library, TopicNodes } from './platformatic-nodes.ts'

/** How often a consumer asks whether its group is complete, before it is ready. */
const READY_POLL_MS = 50
const CLOSE_LIMIT_MS = 5000

/** What a consumer is made of; all of it is its own. */
export interface ConsumerParts {
  readonly library: Library
  readonly admin: Admin
  readonly group: GroupConsumer
  readonly nodes: TopicNodes
  readonly options: ClientOptions
}

/**
 * A consumer whose group membership, offsets and heartbeats are the library's, and whose fetches are ours: a response
 * is handed over as views into one buffer, without an object a message.
 */
export async function createPlatformaticConsumer(
  parts: ConsumerParts,
  spec: ConsumerSpec,
  signal: AbortSignal,
): Promise<Consumer> {
  const { library, group, nodes, options } = parts
  const { config } = options
  const ledger = createOffsetLedger()
  const ended = new AbortController()
  let assignedText = ''
  let closing: Promise<void> | null = null
  const fail = (kind: string) => {
    if (!ended.signal.aborted) spec.onError(kind)
  }

  const committer = createCommitter(
    ledger,
    config.commitIntervalMs,
    (positions) =>
      group.commit({
        offsets: positions.map(([partition, offset]) => ({
          topic: spec.topic,
          partition,
          offset: BigInt(offset),
          leaderEpoch: -1,
        })),
      }),
    () => fail('commit failed'),
  )
  const fetcher = createFetcher({ library, nodes, spec, config, ledger, onError: fail, ended: ended.signal })

  function ownPartitions(): number[] {
    const assignment = group.assignments?.find(({ topic }) => topic === spec.topic)
    return [...(assignment?.partitions ?? [])].sort((a, b) => a - b)
  }

  /** Where to start: what the group committed, else the start position, which is committed at once so that no later owner skips. */
  async function position(partitions: readonly number[]): Promise<Map<number, number>> {
    const positions = new Map<number, number>()
    const topics = [{ topic: spec.topic, partitions: [...partitions] }]
    const committed = (await group.listCommittedOffsets({ topics })).get(spec.topic) ?? []
    for (const partition of partitions) {
      const offset = committed[partition]
      if (offset !== undefined && offset >= 0n) positions.set(partition, Number(offset))
    }
    const fresh = partitions.filter((partition) => !positions.has(partition))
    if (fresh.length === 0) return positions
    const { EARLIEST, LATEST } = library.ListOffsetTimestamps
    const offsets = await group.listOffsets({
      topics: [spec.topic],
      partitions: { [spec.topic]: fresh },
      timestamp: spec.startAt === 'earliest' ? EARLIEST : LATEST,
    })
    for (const partition of fresh) {
      const offset = Number(offsets.get(spec.topic)?.[partition] ?? 0n)
      positions.set(partition, offset)
      ledger.note(partition, offset)
    }
    await committer.commit()
    return positions
  }

  function onMembership(): void {
    const partitions = ownPartitions()
    if (ended.signal.aborted || partitions.join() === assignedText) return
    assignedText = partitions.join()
    const fresh = fetcher.assign(partitions)
    if (fresh.length > 0) void positionUntilDone(fresh, assignedText)
  }

  async function positionUntilDone(partitions: readonly number[], forAssignment: string): Promise<void> {
    while (!ended.signal.aborted && assignedText === forAssignment) {
      try {
        const positions = await position(partitions)
        if (assignedText === forAssignment) fetcher.start(positions)
        return
      } catch {
        await pause(READY_POLL_MS * 2, ended.signal)
      }
    }
  }

  const expected = () => ({
    members: spec.consumersOfSubscription,
    partitions: spec.partitions,
    ownPartitions: ownPartitions().length,
  })

  async function ready(): Promise<void> {
    while (!signal.aborted) {
      onMembership()
      if (fetcher.allPositioned() && group.isActive()) {
        if (await groupIsComplete(parts, expected())) {
          onMembership()
          if (fetcher.allPositioned()) return
        }
      }
      await pause(READY_POLL_MS, signal)
    }
    throw signal.reason
  }

  async function close(closeSignal: AbortSignal): Promise<void> {
    ended.abort()
    committer.stop()
    const within = AbortSignal.any([closeSignal, AbortSignal.timeout(CLOSE_LIMIT_MS)])
    await orAborted(committer.commit(), within).catch(() => {})
    await orAborted(group.close(true), within).catch(() => {})
    await orAborted(nodes.close(), within).catch(() => {})
  }

  group.on('consumer:group:join', onMembership)
  group.on('consumer:heartbeat:end', onMembership)
  group.on('consumer:heartbeat:error', () => fail('heartbeat failed'))
  group.on('error', () => fail('group failed'))
  try {
    // An assignment of a topic that the library does not know yet would be forgotten.
    await orAborted(group.metadata({ topics: [spec.topic], forceUpdate: true }), signal)
    await orAborted(joinGroup(group, spec.topic, config.groupProtocol, signal), signal)
    await orAborted(nodes.refresh(), signal)
    await ready()
    fetcher.resume()
  } catch (error) {
    await close(AbortSignal.timeout(CLOSE_LIMIT_MS))
    throw error
  }
  return {
    pause: fetcher.pause,
    resume: fetcher.resume,
    close(closeSignal) {
      closing ??= close(closeSignal)
      return closing
    },
  }
}
