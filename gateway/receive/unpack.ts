import { zstdWindowBytes } from './zstd-window.ts'

/** Content codings that senders may use; `deflate` is zlib's format, as HTTP means it. */
export type Coding = 'gzip' | 'deflate' | 'zstd'

export const CODINGS: readonly Coding[] = ['gzip', 'deflate', 'zstd']

export type Unpacked =
  | { readonly kind: 'unpacked'; readonly body: Uint8Array }
  /** It would be longer than allowed, or needs more memory to unpack than HTTP allows. */
  | { readonly kind: 'too-large' }
  /** Truncated, corrupt, or followed by something else. */
  | { readonly kind: 'corrupt'; readonly detail: string }

/** RFC 9659: what a zstd content coding may ask for. libzstd's own limit is 128 MiB a request. */
const MAX_ZSTD_WINDOW_BYTES = 8 << 20

/** Bodies being unpacked at once, so that this many times the limit bounds the memory; others wait their turn. */
const MAX_UNPACKING = 4

let unpacking = 0
const turns: (() => void)[] = []

/**
 * Undoes a content coding, with at most `maxBytes` of output; the result is the caller's alone. Every member of a
 * concatenation is unpacked.
 *
 * DecompressionStream, because under Bun 1.4 it alone is bounded, finds truncation and leaks nothing: a failed
 * node:zlib inflateSync loses 7–32 KB, node:zlib's zstd calls a truncated frame empty, and Bun.gunzipSync has no limit.
 */
export async function unpack(coding: Coding, packed: Uint8Array, maxBytes: number): Promise<Unpacked> {
  if (coding === 'zstd') {
    const windowBytes = zstdWindowBytes(packed)
    if (windowBytes === null) return { kind: 'corrupt', detail: 'no zstd frame' }
    if (windowBytes > MAX_ZSTD_WINDOW_BYTES) return { kind: 'too-large' }
  }
  if (unpacking >= MAX_UNPACKING) await new Promise<void>((resolve) => turns.push(resolve))
  else unpacking++
  try {
    return await inflate(coding, packed, maxBytes)
  } finally {
    // The place passes on to whoever waits longest.
    const next = turns.shift()
    if (next === undefined) unpacking--
    else next()
  }
}

async function inflate(coding: Coding, packed: Uint8Array, maxBytes: number): Promise<Unpacked> {
  // The types know no zstd.
  const stream = new DecompressionStream(coding as 'gzip')
  const writer = stream.writable.getWriter()
  // What goes wrong in writing goes wrong in reading too.
  writer.write(packed as Uint8Array<ArrayBuffer>).catch(() => {})
  writer.close().catch(() => {})
  const reader = stream.readable.getReader()
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      sizeBytes += value.length
      if (sizeBytes > maxBytes) {
        await reader.cancel()
        return { kind: 'too-large' }
      }
      chunks.push(value)
    }
  } catch (error) {
    return { kind: 'corrupt', detail: error instanceof Error ? error.message : String(error) }
  }
  return { kind: 'unpacked', body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, sizeBytes) }
}
