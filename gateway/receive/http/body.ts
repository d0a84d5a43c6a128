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

/** What larger bodies may take together while they arrive: a sender can name a large one and be slow to send it. */
const LARGE_BODIES_BYTES = 256 << 20

/** Reads bodies into memory, within limits. */
export interface BodyReader {
  read(request: Request, contentLength: string | null): Promise<ReadBody>
}

/** `largeBodiesBytes`: what bodies above 1 MiB may take together while they arrive; one of them always may. */
export function createBodyReader(maxBodyBytes: number, largeBodiesBytes = LARGE_BODIES_BYTES): BodyReader {
  let freeBytes = Math.max(largeBodiesBytes, maxBodyBytes)

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
  async function readChunks(request: Request): Promise<ReadBody> {
    const chunks: Uint8Array[] = []
    let sizeBytes = 0
    let taken = 0
    try {
      for await (const chunk of request.body ?? []) {
        sizeBytes += chunk.length
        if (sizeBytes > maxBodyBytes) return { kind: 'too-large' }
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
    async read(request, contentLength) {
      if (contentLength === null) return readChunks(request)
      // The server has checked that these are digits.
      const sizeBytes = Number(contentLength)
      return sizeBytes > maxBodyBytes ? { kind: 'too-large' } : readWhole(request, sizeBytes)
    },
  }
}
