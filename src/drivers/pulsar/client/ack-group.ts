import type { ConsumerOptions } from './consumer-options.ts'
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
  /** What was delivered and not acknowledged comes again by itself. */
  reset(): void
  close(): void
}

export interface AckOutput {
  /** Whether there is a connection to write to. */
  readonly ready: boolean
  acknowledge(cumulative: boolean, ids: readonly Uint8Array[]): void
  redeliver(ids: readonly Uint8Array[]): void
}

/** Acknowledgements that wait while there is no connection; what is beyond comes again and is acknowledged then. */
const MAX_WAITING = 100_000

export function createAckGroup(options: ConsumerOptions, out: AckOutput): AckGroup {
  const cumulative = options.ackMode === 'cumulative'
  let waiting: Uint8Array[] = []
  let unwanted: Uint8Array[] = []
  /** Cumulative: entries from the oldest that is not acknowledged on. */
  let outstanding: ReceivedEntry[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  let nackTimer: ReturnType<typeof setTimeout> | null = null
  let closed = false

  function flush(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (waiting.length === 0 || !out.ready) return
    for (let at = 0; at < waiting.length; at += options.ackGroupMessages) {
      out.acknowledge(cumulative, waiting.slice(at, at + options.ackGroupMessages))
    }
    waiting = []
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
    reset() {
      outstanding = []
      unwanted = []
    },
    close() {
      flush()
      closed = true
      if (timer !== null) clearTimeout(timer)
      if (nackTimer !== null) clearTimeout(nackTimer)
    },
  }
}
