/** A request's body as sent. */
export type ReadBody =
  /** Of exact size, and the reader's caller's alone. */
  | { readonly kind: 'body'; readonly body: Uint8Array }
  | { readonly kind: 'too-large' }
  /** Large bodies that others are still sending fill the memory set apart for them. */
  | { readonly kind: 'no-room' }
  /** The sender left, or was too slow, before its last byte. */
  | { readonly kind: 'aborted' }

/** Bodies up to this size are bounded by the number of requests alone. */
const SMALL_BODY_BYTES = 256 << 10

/** Reads bodies into memory, within limits. */
export interface BodyReader {
  read(request: Request, contentLength: string | null, maxBytes: number): Promise<ReadBody>
}

/** `largeBodiesBytes`: what the parts of bodies beyond 256 KiB may take together while they arrive. */
export function createBodyReader(largeBodiesBytes: number): BodyReader {
  let freeBytes = largeBodiesBytes

  /**
   * Takes memory for what has come, not for what was named: a sender that names much and sends little takes nothing
   * from others.
   */
  async function readChunks(request: Request, maxBytes: number): Promise<ReadBody> {
    const chunks: Uint8Array[] = []
    let sizeBytes = 0
    let taken = 0
    try {
      for await (const chunk of request.body ?? []) {
        sizeBytes += chunk.length
        if (sizeBytes > maxBytes) return { kind: 'too-large' }
        const wanted = Math.max(0, sizeBytes - SMALL_BODY_BYTES) - taken
        if (wanted > freeBytes) return { kind: 'no-room' }
        freeBytes -= wanted
        taken += wanted
        chunks.push(chunk)
      }
      return { kind: 'body', body: Buffer.concat(chunks, sizeBytes) }
    } catch {
      return { kind: 'aborted' }
    } finally {
      freeBytes += taken
    }
  }

  return {
    async read(request, contentLength, maxBytes) {
      // The server has checked that these are digits.
      const namedBytes = contentLength === null ? null : Number(contentLength)
      if (namedBytes !== null && namedBytes > maxBytes) return { kind: 'too-large' }
      if (namedBytes === null || namedBytes > SMALL_BODY_BYTES) return readChunks(request, maxBytes)
      try {
        return { kind: 'body', body: await request.bytes() }
      } catch {
        return { kind: 'aborted' }
      }
    },
  }
}
