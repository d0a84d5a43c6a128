/**
 * Gives memory back to the allocator at once rather than at some collection of garbage: a thousand senders' bodies are
 * then the same few pages over and over. The bytes are gone afterwards (length 0), so only their owner may call this.
 * Views of a part of a buffer are left to the collector: what else lies in the buffer is not theirs.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
