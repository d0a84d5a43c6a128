import { Buffer } from 'node:buffer'
import { takeFrame } from './frame-pool.ts'
import { addRun, noRuns, type TokenRuns } from './token-runs.ts'
import { batchedBytes, writeBatched } from './wire/batch.ts'
import { sendCommand } from './wire/commands.ts'
import { compress } from './wire/compression.ts'
import { completePayloadFrame, payloadFrameBytes } from './wire/frame.ts'
import { COMPRESSION, type Compression, writeMetadata } from './wire/metadata.ts'
import { ProtoWriter, varintBytes } from './wire/proto-writer.ts'

const MAX_SEQUENCE_BYTES = varintBytes(Number.MAX_SAFE_INTEGER)

/** A batch that fills. */
export interface OpenBatch {
  readonly values: Uint8Array[]
  readonly keys: (string | null)[]
  readonly runs: TokenRuns
  /** Size of the payload before compression, at most: the sequence ids are not known yet. */
  payloadBytes: number
  valueBytes: number
}

/** A batch on its way: its frame is kept until the broker has answered. */
export interface SentBatch {
  readonly sequenceId: number
  readonly count: number
  readonly valueBytes: number
  readonly frame: Buffer
  readonly runs: TokenRuns
  readonly madeAtMs: number
  /** How often it was written to a socket. */
  attempts: number
}

/** Who sends it, and how. */
export interface BatchForm {
  readonly producerId: number
  readonly producerName: string
  readonly compression: Compression
  /** False: each message is an entry of its own, its payload raw. */
  readonly batching: boolean
  /** All messages of a batch have one key, which the entry carries too. */
  readonly byKey: boolean
}

export function openBatch(): OpenBatch {
  return { values: [], keys: [], runs: noRuns(), payloadBytes: 0, valueBytes: 0 }
}

/** Bytes that a message adds to a batch, at most. */
export function bytesInBatch(value: Uint8Array, key: string | null): number {
  return batchedBytes(value.length, key === null ? -1 : Buffer.byteLength(key)) + 1 + MAX_SEQUENCE_BYTES
}

/** What `bytesInBatch` counted too much for `count` messages with sequence ids from `first` on. */
function spareBytes(first: number, count: number): number {
  let bytes = 0
  let from = first
  for (let size = varintBytes(first); from < first + count; size++) {
    const to = Math.min(first + count, 2 ** (7 * size))
    bytes += (to - from) * (MAX_SEQUENCE_BYTES - size)
    from = to
  }
  return bytes
}

export function addToBatch(
  batch: OpenBatch,
  token: number,
  value: Uint8Array,
  key: string | null,
  bytes: number,
): void {
  batch.values.push(value)
  batch.keys.push(key)
  batch.payloadBytes += bytes
  batch.valueBytes += value.length
  addRun(batch.runs, token, 1)
}

const metadata = new ProtoWriter()

/** Makes the frame: one buffer, each value copied once. */
export function sealBatch(
  batch: OpenBatch,
  form: BatchForm,
  sequenceId: number,
  nowMs: number,
  publishTimeMs: number,
): SentBatch {
  const count = batch.values.length
  const plainBytes = form.batching
    ? batch.payloadBytes - spareBytes(sequenceId, count)
    : batch.values[0]!.length
  const packed = packedPayload(batch, form, sequenceId, plainBytes)
  const codec = packed === null ? COMPRESSION.none : COMPRESSION[form.compression]
  const command = sendCommand(form.producerId, sequenceId, count)
  writeMetadata(metadata.reset(), {
    producerName: form.producerName,
    sequenceId,
    highestSequenceId: sequenceId + count - 1,
    publishTimeMs,
    key: form.byKey || !form.batching ? batch.keys[0]! : null,
    compression: codec,
    uncompressedBytes: plainBytes,
    batchSize: form.batching ? count : 0,
  })
  const head = payloadFrameBytes(command.length, metadata.at)
  const frame = takeFrame(head + (packed === null ? plainBytes : packed.length))
  if (packed === null) writePayload(batch, form, sequenceId, frame, head)
  else packed.copy(frame, head)
  completePayloadFrame(frame, command, metadata.view())
  return {
    sequenceId,
    count,
    valueBytes: batch.valueBytes,
    frame,
    runs: batch.runs,
    madeAtMs: nowMs,
    attempts: 0,
  }
}

/** The compressed payload; null where compression is off or would not make it smaller. */
function packedPayload(
  batch: OpenBatch,
  form: BatchForm,
  sequenceId: number,
  plainBytes: number,
): Buffer | null {
  if (form.compression === 'none') return null
  const payload = Buffer.allocUnsafe(plainBytes)
  writePayload(batch, form, sequenceId, payload, 0)
  const packed = compress(COMPRESSION[form.compression], payload)
  return packed.length < plainBytes ? packed : null
}

function writePayload(
  batch: OpenBatch,
  form: BatchForm,
  sequenceId: number,
  out: Buffer,
  start: number,
): void {
  if (!form.batching) {
    out.set(batch.values[0]!, start)
    return
  }
  let at = start
  for (let i = 0; i < batch.values.length; i++) {
    at = writeBatched(out, at, batch.values[i]!, batch.keys[i]!, sequenceId + i)
  }
}
