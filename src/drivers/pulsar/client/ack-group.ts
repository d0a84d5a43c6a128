import type { ConsumerOptions } from './consumer-options.ts'
import { asClientError, type ClientError } from './errors.ts'
import type { ReceivedEntry } from './received-batch.ts'

/** Acknowledgements of one partition on their way to the broker. */
export interface AckGroup {
  /** In the order of delivery: a new entry is with the application. */
  delivered(entry: ReceivedEntry): void
  /** All messages of the entry are acknowledged. */
  done(entry: ReceivedEntry): void
  /** Asks for the entry again, later. */
  again(entry: ReceivedEntry): void
  /** Sends what waits, where there is a connection. */
  flush(): void
  /** Resolves when all that was flushed is confirmed, or known to have failed; at once without receipts. */
  settled(): Promise<void>
  /** What was delivered and not acknowledged comes again by itself. */
  reset(): void
  /** Flushes; nothing is taken any more. */
  close(): void
}

export interface AckOutput {
  /** Whether there is a connection to write to. */
  readonly ready: boolean
  /** The broker's receipt, or null where none is asked for. */
  acknowledge(cumulative: boolean, ids: readonly Uint8Array[]): Promise<unknown> | null
  /** An acknowledgement that the broker did not confirm. */
  failed(error: ClientError): void
  redeliver(ids: readonly Uint8Array[]): void
}

/** Acknowledgements that wait while there is no connection; what is beyond comes again and is acknowledged then. */
const MAX_WAITING = 100_000
/** Receipts of a partition under way; with more, acknowledgements wait and go together. */
const MAX_RECEIPTS = 100

export function createAckGroup(options: ConsumerOptions, out: AckOutput): AckGroup {
  const cumulative = options.ackMode === 'cumulative'
  let waiting: Uint8Array[] = []
  let unwanted: Uint8Array[] = []
  /** Cumulative: entries from the oldest that is not acknowledged on. */
  let outstanding: ReceivedEntry[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  let nackTimer: ReturnType<typeof setTimeout> | null = null
  const receipts = new Set<Promise<unknown>>()
  /** Some wait for room among the receipts, not for others to go with. */
  let heldBack = false
  let closed = false

  function flush(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (waiting.length === 0 || !out.ready) return
    let sent = 0
    while (sent < waiting.length && receipts.size < MAX_RECEIPTS) {
      const ids = waiting.slice(sent, sent + options.ackGroupMessages)
      sent += ids.length
      const receipt = out.acknowledge(cumulative, ids)
      if (receipt !== null) awaitReceipt(receipt)
    }
    heldBack = sent < waiting.length
    waiting = waiting.slice(sent)
  }

  function awaitReceipt(receipt: Promise<unknown>): void {
    const settled = receipt
      .catch((error: unknown) => out.failed(asClientError(error)))
      .finally(() => {
        receipts.delete(settled)
        if (heldBack) flush()
      })
    receipts.add(settled)
  }

  function plan(): void {
    if (options.ackGroupMs === 0 || waiting.length >= options.ackGroupMessages) flush()
    else timer ??= setTimeout(flush, options.ackGroupMs)
  }

  function advance(): void {
    let passed = 0
    while (passed < outstanding.length && outstanding[passed]!.left === 0) passed++
    if (passed === 0) return
    waiting = [outstanding[passed - 1]!.id]
    outstanding = outstanding.slice(passed)
    plan()
  }

  return {
    delivered(entry) {
      if (cumulative) outstanding.push(entry)
    },
    done(entry) {
      if (closed) return
      if (cumulative) advance()
      else if (waiting.length < MAX_WAITING) {
        waiting.push(entry.id)
        plan()
      }
    },
    again(entry) {
      if (closed || unwanted.length >= MAX_WAITING) return
      unwanted.push(entry.id)
      nackTimer ??= setTimeout(() => {
        nackTimer = null
        const ids = unwanted
        unwanted = []
        if (out.ready) out.redeliver(ids)
      }, options.nackDelayMs)
    },
    flush,
    async settled() {
      while (receipts.size > 0) await Promise.all(receipts)
    },
    reset() {
      outstanding = []
      unwanted = []
    },
    close() {
      closed = true
      flush()
      if (timer !== null) clearTimeout(timer)
      if (nackTimer !== null) clearTimeout(nackTimer)
    },
  }
}
