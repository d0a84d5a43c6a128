import { RECORD_OVERHEAD_BYTES } from './wire/record-batch.ts'

/** Messages of one partition that travel together. */
export interface MessageBatch {
  readonly partition: number
  /** Place among all batches of the producer. */
  readonly order: number
  readonly createdMs: number
  readonly values: Buffer[]
  readonly keys: Buffer[] | null
  /** Sequence numbers in it as pairs [first, count]. */
  readonly runs: number[]
  /** Bytes on the wire, about. */
  sizeBytes: number
  /** Takes no more messages: it is full, or was sent. */
  sealed: boolean
  settled: boolean
  /** Some attempt may have reached the broker. */
  maybeWritten: boolean
  attempts: number
  /** The link's own: encoded bytes, kept for a retry with the same sequence. */
  encoded: Buffer | null
}

/** An empty batch. */
export function newBatch(partition: number, order: number, createdMs: number, keyed: boolean): MessageBatch {
  return {
    partition,
    order,
    createdMs,
    values: [],
    keys: keyed ? [] : null,
    runs: [],
    sizeBytes: 0,
    sealed: false,
    settled: false,
    maybeWritten: false,
    attempts: 0,
    encoded: null,
  }
}

/** Adds one message; sequences that follow each other make one run. */
export function addMessage(batch: MessageBatch, sequence: number, value: Buffer, key: Buffer | null): void {
  batch.values.push(value)
  if (key !== null) batch.keys!.push(key)
  batch.sizeBytes += messageBytes(value, key)
  const runs = batch.runs
  const last = runs.length - 2
  if (last >= 0 && runs[last]! + runs[last + 1]! === sequence) runs[last + 1]!++
  else runs.push(sequence, 1)
}

/** Bytes a message takes in a batch, at most. */
export function messageBytes(value: Buffer, key: Buffer | null): number {
  return value.length + RECORD_OVERHEAD_BYTES + (key === null ? 0 : key.length)
}
