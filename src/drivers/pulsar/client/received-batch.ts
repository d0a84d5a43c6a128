import type { ReceivedBatch } from './consumer-options.ts'
import { giveFrameBack } from './frame-pool.ts'
import { readDetails } from './wire/details.ts'
import type { Entry } from './wire/entry.ts'

/** Where an entry came from, and who takes its acknowledgement. */
export interface EntryOrigin {
  readonly partition: number
  done(entry: ReceivedEntry): void
  again(entry: ReceivedEntry): void
}

/** An entry with its account. */
export interface ReceivedEntry {
  readonly origin: EntryOrigin
  /** MessageIdData, to be echoed. */
  readonly id: Uint8Array
  /** Of the parts before, where it is the last one of a chunked message. */
  readonly earlierIds: readonly Uint8Array[]
  readonly redelivered: boolean
  /** Places of its messages that are wanted; null = all. */
  readonly wanted: readonly number[] | null
  /** Given back to the pool of frames when views of the entry end; null where others use the same memory. */
  ownFrame: Buffer | null
  /** Its messages that are not acknowledged yet. */
  left: number
}

/** Collects the messages of entries into one batch. */
export interface BatchCollector {
  add(received: ReceivedEntry, entry: Entry): void
  readonly count: number
  /** The batch of everything added since the last call; its views end with `release`. */
  take(): ReceivedBatch & { release(): void }
}

export function createCollector(): BatchCollector {
  let entries: ReceivedEntry[] = []
  let contents: Entry[] = []
  /** By entry: number of its first message in this batch; then the number of all messages. */
  let firsts = [0]

  return {
    get count() {
      return firsts[entries.length]!
    },
    add(received, content) {
      firsts.push(firsts[entries.length]! + (received.wanted ?? content.starts).length)
      entries.push(received)
      contents.push(content)
    },
    take() {
      const batch = receivedBatch(entries, contents, firsts)
      entries = []
      contents = []
      firsts = [0]
      return batch
    },
  }
}

function receivedBatch(
  entries: readonly ReceivedEntry[],
  contents: readonly Entry[],
  firsts: readonly number[],
): ReceivedBatch & { release(): void } {
  const count = firsts[entries.length]!
  /** Not held beyond the callback: acknowledgements may come much later. */
  let live: readonly Entry[] | null = contents
  /** Number of the entry that was asked for last: mostly the next message is of the same one. */
  let near = 0
  /** By message; made when the first one is acknowledged by itself. */
  let single: Uint8Array | null = null
  let acknowledged = false

  function entryAt(index: number): number {
    if (!(index >= 0 && index < count))
      throw new RangeError(`expected a message below ${count}, got ${index}`)
    while (index < firsts[near]!) near--
    while (index >= firsts[near + 1]!) near++
    return near
  }

  function contentAt(entry: number): Entry {
    const content = live?.[entry]
    if (content === undefined) throw new RangeError('expected the batch to be read during its callback only')
    return content
  }

  /** Place of a message in its entry. */
  function placeOf(index: number, entry: number): number {
    const place = index - firsts[entry]!
    return entries[entry]!.wanted?.[place] ?? place
  }

  function countDown(entry: ReceivedEntry, messages: number): void {
    if (entry.left === 0) return
    entry.left = Math.max(0, entry.left - messages)
    if (entry.left === 0) entry.origin.done(entry)
  }

  return {
    count,
    value(index) {
      const at = entryAt(index)
      const { buffer, starts, ends } = contentAt(at)
      const place = placeOf(index, at)
      return buffer.subarray(starts[place], ends[place])
    },
    key(index) {
      const at = entryAt(index)
      return contentAt(at).keys?.[placeOf(index, at)] ?? null
    },
    details(index) {
      const at = entryAt(index)
      return readDetails(contentAt(at), placeOf(index, at))
    },
    partition: (index) => entries[entryAt(index)]!.origin.partition,
    redelivered: (index) => entries[entryAt(index)]!.redelivered,
    messageId: (index) => entries[entryAt(index)]!.id,
    acknowledge() {
      if (acknowledged) return
      acknowledged = true
      for (const entry of entries) countDown(entry, entry.left)
    },
    acknowledgeOne(index) {
      const entry = entries[entryAt(index)]!
      single ??= new Uint8Array(count)
      if (acknowledged || single[index] !== 0) return
      single[index] = 1
      countDown(entry, 1)
    },
    negativeAcknowledge(index) {
      const entry = entries[entryAt(index)]!
      if (entry.left > 0) entry.origin.again(entry)
    },
    release() {
      live = null
      for (const entry of entries) {
        if (entry.ownFrame !== null) giveFrameBack(entry.ownFrame)
        entry.ownFrame = null
      }
    },
  }
}
