import { orAborted } from '../../../driver/abort.ts'
import type { Outcome } from '../../../driver/driver.ts'
import type { Connection, ProducerSink } from './connection.ts'
import { ClientError, type FailureKind, serverError } from './errors.ts'
import { giveFrameBack } from './frame-pool.ts'
import {
  addToBatch,
  type BatchForm,
  bytesInBatch,
  type OpenBatch,
  openBatch,
  type SentBatch,
  sealBatch,
} from './producer-batch.ts'
import type { ProducerOptions } from './producer-options.ts'
import { type ClientContext, createSession } from './session.ts'
import { endFrame, producerFrame, TYPE } from './wire/commands.ts'

/** A batch that the broker finds damaged is sent this often in all. */
const CHECKSUM_ATTEMPTS = 3
/** Entries of an array that may be passed before it is cut. */
const COMPACT_AT = 1024

/** Tells what became of a batch. */
export interface ProducerOwner {
  settled(batch: SentBatch, outcome: Outcome, reason?: FailureKind): void
  /** Everything that had arrived at once is told. */
  endOfRead(): void
}

/** The producer of one partition (or of a topic without partitions). */
export interface PartitionProducer {
  /** Largest payload the broker takes, in bytes. */
  readonly maxMessageBytes: number
  /** Null while it lives; else why everything is rejected from now on. */
  readonly failure: ClientError | null
  /** True when a batch went to the broker, because it was full. */
  add(token: number, value: Uint8Array, key: string | null): boolean
  /** Sends what lingers. */
  flush(): void
  /** Settles what was made before the instant (`performance.now()`). */
  expire(beforeMs: number): void
  /** Settles all that is left as lost sight of, and lets go. */
  close(signal: AbortSignal): Promise<void>
}

/** Registers with the broker that serves the topic and stays registered; see `PartitionProducer`. */
export async function createPartitionProducer(
  topic: string,
  name: string,
  options: ProducerOptions,
  context: ClientContext,
  owner: ProducerOwner,
  signal: AbortSignal,
): Promise<PartitionProducer> {
  const producerId = context.nextId()
  const open = new Map<string | null, OpenBatch>()
  const batching = options.batching !== 'none'
  const byKey = options.batching === 'key'
  let form: BatchForm = { producerId, producerName: name, compression: options.compression, batching, byKey }
  let connection: Connection | null = null
  let maxMessageBytes = 0
  let nextSequenceId = 0
  let failure: ClientError | null = null
  /** In the order of their sequence ids, from `head` on. */
  let sent: (SentBatch | undefined)[] = []
  let head = 0

  function settleHead(outcome: Outcome, reason?: FailureKind): void {
    const batch = sent[head]!
    sent[head++] = undefined
    if (head >= COMPACT_AT && head * 2 >= sent.length) {
      sent = sent.slice(head)
      head = 0
    }
    owner.settled(batch, outcome, reason)
    // Of a frame that was written again, a copy may still wait for the socket.
    if (outcome === 'acknowledged' && batch.attempts === 1) giveFrameBack(batch.frame)
  }

  /** What was written may have arrived. */
  const uncertain = (batch: SentBatch): Outcome => (batch.attempts > 0 ? 'unknown' : 'rejected')

  function settleAll(reason: FailureKind): void {
    flushOpen(false)
    while (head < sent.length) settleHead(uncertain(sent[head]!), reason)
    owner.endOfRead()
  }

  function giveUp(reason: ClientError): void {
    if (failure !== null) return
    failure = reason
    context.options.log(`producer of ${topic}: ${reason.message}; it rejects everything from now on`)
  }

  function die(reason: ClientError): void {
    giveUp(reason)
    settleAll(reason.kind)
  }

  const sink: ProducerSink = {
    receipt(sequenceId) {
      const first = sent[head]
      // Receipts of what has timed out meanwhile are of no use any more.
      if (first === undefined || sequenceId < first.sequenceId) return
      if (sequenceId === first.sequenceId) settleHead('acknowledged')
      else startAgain(`receipt ${sequenceId} overtook ${first.sequenceId}`)
    },
    sendError(sequenceId, code, words) {
      refused(sequenceId, serverError(code, words))
    },
    endOfRead: () => owner.endOfRead(),
    lost(reason) {
      connection = null
      if (failure !== null) settleAll(failure.kind)
      else {
        if (reason !== null) context.options.log(`producer of ${topic}: ${reason.message}`)
        session.restart()
      }
    },
  }

  function startAgain(why: string): void {
    context.options.log(`producer of ${topic}: ${why}; registering again`)
    connection?.detachProducer(producerId)
    const old = connection
    connection = null
    old?.requests.ask((id) => endFrame(TYPE.CLOSE_PRODUCER, producerId, id)).catch(() => {})
    session.restart()
  }

  function refused(sequenceId: number, error: ClientError): void {
    const at = sent.findIndex((batch, i) => i >= head && batch?.sequenceId === sequenceId)
    const batch = sent[at]
    if (batch === undefined) return
    if (error.kind === 'topic terminated' || error.kind === 'producer fenced') giveUp(error)
    else if (error.retriable && (error.kind !== 'checksum' || batch.attempts < CHECKSUM_ATTEMPTS)) {
      startAgain(error.message)
      return
    }
    sent.splice(at, 1)
    owner.settled(batch, batch.attempts > 1 ? 'unknown' : 'rejected', error.kind)
  }

  const session = createSession(topic, context, {
    async register(next, attempt) {
      next.attachProducer(producerId, sink)
      try {
        const request = {
          topic,
          producerId,
          name: form.producerName,
          epoch: attempt,
          userProvidedName: name !== '',
        }
        const answer = await next.requests.ask((id) => producerFrame(request, id))
        form = { ...form, producerName: answer.producerName }
        maxMessageBytes = next.maxMessageBytes
        if (attempt === 0) nextSequenceId = answer.lastSequenceId + 1
      } catch (error) {
        next.detachProducer(producerId)
        throw error
      }
    },
    up(next) {
      connection = next
      for (let i = head; i < sent.length; i++) write(sent[i]!, next)
    },
    release(next) {
      next.detachProducer(producerId)
      next.requests.ask((id) => endFrame(TYPE.CLOSE_PRODUCER, producerId, id)).catch(() => {})
    },
    dead: die,
    // The broker has not noticed yet that the connection of the same producer ended, or holds it until there is room.
    mayRetry: ({ kind }) => kind === 'producer busy' || kind === 'quota exceeded',
  })
  try {
    await session.start(signal)
  } catch (error) {
    session.close()
    throw error
  }

  function write(batch: SentBatch, to: Connection): void {
    batch.attempts++
    to.write(batch.frame)
  }

  function flushOne(batch: OpenBatch, writes: boolean): void {
    const made = sealBatch(batch, form, nextSequenceId, performance.now(), Date.now())
    nextSequenceId += made.count
    sent.push(made)
    if (writes && connection !== null) write(made, connection)
  }

  function flushOpen(writes: boolean): void {
    if (open.size === 0) return
    for (const batch of open.values()) flushOne(batch, writes)
    open.clear()
  }

  return {
    get maxMessageBytes() {
      return maxMessageBytes
    },
    get failure() {
      return failure
    },
    add(token, value, key) {
      const slot = byKey ? key : null
      const bytes = bytesInBatch(value, key)
      const limit = Math.min(options.batchBytes, maxMessageBytes)
      let batch = open.get(slot)
      let left = false
      if (batch !== undefined && batch.payloadBytes + bytes > limit) {
        flushOne(batch, true)
        batch = undefined
        left = true
      }
      if (batch === undefined) {
        batch = openBatch()
        open.set(slot, batch)
      }
      addToBatch(batch, token, value, key, bytes)
      if (!batching || batch.values.length >= options.batchMessages || batch.payloadBytes >= limit) {
        flushOne(batch, true)
        open.delete(slot)
        left = true
      }
      return left
    },
    flush: () => flushOpen(true),
    expire(beforeMs) {
      while (head < sent.length && sent[head]!.madeAtMs < beforeMs)
        settleHead(uncertain(sent[head]!), 'timeout')
    },
    async close(abort) {
      session.close()
      settleAll('closed')
      const last = connection
      connection = null
      failure ??= new ClientError('closed', 'the producer is closed')
      if (last === null || !last.alive) return
      const asked = last.requests.ask((id) => endFrame(TYPE.CLOSE_PRODUCER, producerId, id))
      await orAborted(asked, abort).catch(() => {})
      last.detachProducer(producerId)
    },
  }
}
