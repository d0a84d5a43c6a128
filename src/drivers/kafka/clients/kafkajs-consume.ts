import type { Admin, EachBatchPayload, Consumer as GroupConsumer } from 'kafkajs'
import { orAborted, pause } from '../../../driver/abort.ts'
import type { Consumer, ConsumerSpec } from '../../../driver/driver.ts'
import { createCommitter } from '../committer.ts'
import { incomingValues } from '../incoming.ts'
import { kindOfFailure } from '../kafka-errors.ts'
import { createOffsetLedger } from '../offset-ledger.ts'
import type { ClientOptions } from './client.ts'
import { startPositions } from './kafkajs-positions.ts'

const READY_POLL_MS = 50
const CLOSE_LIMIT_MS = 5000

export interface KafkajsConsumerParts {
  readonly admin: Admin
  readonly group: GroupConsumer
  readonly groupId: string
  readonly options: ClientOptions
}

/** A consumer on kafkajs `eachBatch`, with positions and commits of our own. */
export async function createKafkajsConsumer(
  parts: KafkajsConsumerParts,
  spec: ConsumerSpec,
  signal: AbortSignal,
): Promise<Consumer> {
  const { admin, group, groupId, options } = parts
  const { topic } = spec
  const ledger = createOffsetLedger()
  const ended = new AbortController()
  /** Next offset of each assigned partition. */
  const offsets = new Map<number, number>()
  let generation = 0
  let positioned = Promise.resolve()
  let isPositioned = false
  let paused = false
  let isReady = false
  let closing: Promise<void> | null = null
  const fail = (kind: string) => {
    if (!ended.signal.aborted) spec.onError(kind)
  }

  const committer = createCommitter(
    ledger,
    options.config.commitIntervalMs,
    (positions) =>
      group.commitOffsets(
        positions.map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
      ),
    () => fail('commit failed'),
  )

  async function takeOver(partitions: readonly number[], mine: number): Promise<void> {
    for (const partition of [...offsets.keys()]) {
      if (partitions.includes(partition)) continue
      offsets.delete(partition)
      ledger.forget(partition)
    }
    const fresh = partitions.filter((partition) => !offsets.has(partition))
    while (!ended.signal.aborted && mine === generation) {
      try {
        const found =
          fresh.length === 0 ? [] : await startPositions(admin, groupId, topic, fresh, spec.startAt)
        if (mine !== generation) return
        for (const { partition, offset, isNew } of found) {
          offsets.set(partition, offset)
          if (isNew) ledger.note(partition, offset)
        }
        await committer.commit()
        isPositioned = mine === generation
        return
      } catch {
        await pause(READY_POLL_MS * 2, ended.signal)
      }
    }
  }

  async function onBatch({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): Promise<void> {
    await positioned
    if (!isReady) return pause(READY_POLL_MS / 2, ended.signal)
    const { partition } = batch
    const from = offsets.get(partition)
    // Not resolved, it is fetched again: by us after a pause, or by the partition's next owner.
    if (from === undefined || paused || ended.signal.aborted || !isRunning() || isStale()) return
    const first = Number(batch.firstOffset() ?? -1)
    if (first > from && !started.has(partition)) {
      // kafkajs looks the start up when it first fetches; we did when the partition was assigned.
      group.seek({ topic, partition, offset: String(from) })
      started.add(partition)
      return
    }
    started.add(partition)
    const last = batch.lastOffset()
    const values: Buffer[] = []
    for (const message of batch.messages) {
      if (Number(message.offset) >= from) values.push(message.value ?? Buffer.alloc(0))
    }
    const next = Math.max(from, Number(last) + 1)
    offsets.set(partition, next)
    resolveOffset(last)
    if (values.length > 0) spec.onBatch(incomingValues(values, partition, ledger.delivered(partition, next)))
  }
  const started = new Set<number>()

  async function ready(): Promise<void> {
    while (!signal.aborted) {
      if (isPositioned) {
        const { groups } = await admin.describeGroups([groupId])
        const found = groups[0]
        if (found?.state === 'Stable' && found.members.length >= spec.consumersOfSubscription && isPositioned)
          return
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
    await orAborted(group.disconnect(), within).catch(() => {})
  }

  group.on('consumer.group_join', ({ payload }) => {
    isPositioned = false
    generation++
    positioned = takeOver(payload.memberAssignment[topic] ?? [], generation)
  })
  group.on('consumer.crash', ({ payload }) => fail(kindOfFailure(payload.error)))
  try {
    await orAborted(group.connect(), signal)
    await orAborted(group.subscribe({ topics: [topic], fromBeginning: spec.startAt === 'earliest' }), signal)
    const run = {
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: spec.partitions,
    }
    await orAborted(group.run({ ...run, eachBatch: onBatch }), signal)
    await orAborted(ready(), signal)
    isReady = true
  } catch (error) {
    await close(AbortSignal.timeout(CLOSE_LIMIT_MS))
    throw error
  }
  return {
    pause() {
      paused = true
      group.pause([{ topic }])
    },
    resume() {
      paused = false
      group.resume([{ topic }])
    },
    close(closeSignal) {
      closing ??= close(closeSignal)
      return closing
    },
  }
}
