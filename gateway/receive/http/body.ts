/** A request's body as sent. */
export type ReadBody =
  | { readonly kind: 'body'; readonly body: Uint8Array }
  | { readonly kind: 'too-large' }
  /** Large bodies that others are still sending fill the memory set apart for them. */
  | { readonly kind: 'no-room' }
  /** The sender left, or was too slow, before its last byte. */
  | { readonly kind: 'aborted' }

/** Bodies up to this size are bounded by the number of requests alone. */
const SMALL_BODY_BYTES = 1 << 20

/** Reads bodies into memory, within limits. */
export interface BodyReader {
  read(request: Request, contentLength: string | null, maxBytes: number): Promise<ReadBody>
}

/** `largeBodiesBytes`: what bodies above 1 MiB may take together while they arrive. */
export function createBodyReader(largeBodiesBytes: number): BodyReader {
  let freeBytes = largeBodiesBytes

  async function readWhole(request: Request, sizeBytes: number): Promise<ReadBody> {
    const taken = sizeBytes > SMALL_BODY_BYTES ? sizeBytes : 0
    if (taken > freeBytes) return { kind: 'no-room' }
    freeBytes -= taken
    try {
      return { kind: 'body', body: await request.bytes() }
    } catch {
      return { kind: 'aborted' }
    } finally {
      freeBytes += taken
    }
  }

  /** A chunked body names no size: what goes beyond a small one is taken as it comes. */
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
      if (contentLength === null) return readChunks(request, maxBytes)
      // The server has checked that these are digits.
      const sizeBytes = Number(contentLength)
      return sizeBytes > maxBytes ? { kind: 'too-large' } : readWhole(request, sizeBytes)
    },
  }
}
