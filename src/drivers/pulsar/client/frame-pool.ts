import { Buffer } from 'node:buffer'

/** Memory of fresh pages costs more than what is written there; smaller frames are left to the runtime. */
const MIN_POOLED_BYTES = 16_384
/** Frames of nearly the same size share their memory. */
const STEP_BYTES = 16_384
/** What may lie idle in all; beyond it is left to the garbage collector. */
const MAX_IDLE_BYTES = 33_554_432

/** Idle memory by its number of steps, for all producers of the process. */
const idle = new Map<number, ArrayBuffer[]>()
let idleBytes = 0

/** A buffer of this size with anything in it. */
export function takeFrame(bytes: number): Buffer {
  if (bytes < MIN_POOLED_BYTES) return Buffer.allocUnsafeSlow(bytes)
  const steps = Math.ceil(bytes / STEP_BYTES)
  const memory = idle.get(steps)?.pop()
  if (memory !== undefined) {
    idleBytes -= memory.byteLength
    return Buffer.from(memory, 0, bytes)
  }
  return Buffer.from(Buffer.allocUnsafeSlow(steps * STEP_BYTES).buffer as ArrayBuffer, 0, bytes)
}

/** Takes a buffer of `takeFrame` back that nobody reads any more, nor a socket. */
export function giveFrameBack(frame: Buffer): void {
  const memory = frame.buffer as ArrayBuffer
  if (frame.length < MIN_POOLED_BYTES || idleBytes + memory.byteLength > MAX_IDLE_BYTES) return
  const steps = memory.byteLength / STEP_BYTES
  const list = idle.get(steps)
  if (list === undefined) idle.set(steps, [memory])
  else list.push(memory)
  idleBytes += memory.byteLength
}
