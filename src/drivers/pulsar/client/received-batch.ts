import type { ReceivedBatch } from './consumer-options.ts'
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
  /** Which of its messages are wanted. */
  readonly wanted: readonly number[] | null
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
  /** By message: number of its entry in this batch, and place in the entry. */
  let entryOf: number[] = []
  let placeOf: number[] = []

  return {
    get count() {
      return entryOf.length
    },
    add(received, content) {
      const at = entries.length
      entries.push(received)
      contents.push(content)
      const { wanted } = received
      if (wanted === null) {
        for (let i = 0; i < content.starts.length; i++) {
          entryOf.push(at)
          placeOf.push(i)
        }
        return
      }
      for (const place of wanted) {
        entryOf.push(at)
        placeOf.push(place)
      }
    },
    take() {
      const batch = receivedBatch(entries, contents, entryOf, placeOf)
      entries = []
      contents = []
      entryOf = []
      placeOf = []
      return batch
    },
  }
}

function receivedBatch(
  entries: readonly ReceivedEntry[],
  contents: readonly Entry[],
  entryOf: readonly number[],
  placeOf: readonly number[],
): ReceivedBatch & { release(): void } {
  let live: readonly Entry[] | null = contents
  /** By message; made when the first one is acknowledged by itself. */
  let single: Uint8Array | null = null
  let acknowledged = false

  function contentOf(index: number): Entry {
    const content = live?.[entryOf[index] ?? -1]
    if (content === undefined) throw new RangeError(`message ${index} of the batch is not there any more`)
    return content
  }

  function countDown(entry: ReceivedEntry, messages: number): void {
    if (entry.left === 0) return
    entry.left = Math.max(0, entry.left - messages)
    if (entry.left === 0) entry.origin.done(entry)
  }

  return {
    count: entryOf.length,
    value(index) {
      const { buffer, starts, ends } = contentOf(index)
      const place = placeOf[index]!
      return buffer.subarray(starts[place], ends[place])
    },
    key: (index) => contentOf(index).keys[placeOf[index]!] ?? null,
    details: (index) => readDetails(contentOf(index), placeOf[index]!),
    partition: (index) => entries[entryOf[index]!]!.origin.partition,
    redelivered: (index) => entries[entryOf[index]!]!.redelivered,
    messageId: (index) => entries[entryOf[index]!]!.id,
    acknowledge() {
      if (acknowledged) return
      acknowledged = true
      for (const entry of entries) countDown(entry, entry.left)
    },
    acknowledgeOne(index) {
      single ??= new Uint8Array(entryOf.length)
      if (acknowledged || single[index] !== 0) return
      single[index] = 1
      countDown(entries[entryOf[index]!]!, 1)
    },
    negativeAcknowledge(index) {
      const entry = entries[entryOf[index]!]!
      if (entry.left > 0) entry.origin.again(entry)
    },
    release() {
      live = null
    },
  }
}
