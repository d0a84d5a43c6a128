/** A response as far as an exporter needs it. */
export interface HttpResponse {
  readonly status: number
  /** Lower-case names; of repeated headers the last. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array
  /** Whether the connection may carry another request. */
  readonly keepAlive: boolean
}

/** What a response may be at most; a larger one breaks the connection. */
export const RESPONSE_LIMITS = { headerBytes: 64 * 1024, bodyBytes: 1024 * 1024 }

/** Thrown for bytes that are no HTTP/1.1 response. */
export class HttpFormatError extends Error {}

/**
 * Reads one HTTP/1.1 response from chunks as they come (RFC 9112): Content-Length, chunked, or until the end of the
 * connection; interim 1xx responses are skipped. One reader serves one connection; `push` after a complete response
 * begins the next.
 */
export interface HttpResponseReader {
  /** `chunk` is the reader's from here on. @returns the response when it is complete. @throws HttpFormatError */
  push(chunk: Buffer): HttpResponse | null
  /** The peer ended the connection: a response without a length ends here. */
  end(): HttpResponse | null
}

interface Head {
  /** Everything up to and including the blank line. */
  readonly bytes: Buffer
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly isChunked: boolean
  /** Null when it has no Content-Length. */
  readonly contentBytes: number | null
  readonly asksToClose: boolean
  readonly bodyAt: number
}

const EMPTY = Buffer.alloc(0)
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1')

export function createResponseReader(): HttpResponseReader {
  let buffered: Buffer = EMPTY
  // An upstream that takes everything says the same each time: what is equal byte for byte is not read again.
  let last: Head | null = null

  function nextHead(): Head | null {
    if (last !== null && startsWith(buffered, last.bytes)) return last
    const head = readHead(buffered)
    if (head !== null) last = head
    return head
  }

  function complete(head: Head, body: Uint8Array, consumed: number, delimited: boolean): HttpResponse {
    buffered = consumed === buffered.length ? EMPTY : buffered.subarray(consumed)
    return {
      status: head.status,
      headers: head.headers,
      body,
      keepAlive: delimited && !head.asksToClose && buffered.length === 0,
    }
  }

  function parse(isEnd: boolean): HttpResponse | null {
    for (let head = nextHead(); head !== null; head = nextHead()) {
      if (head.status >= 100 && head.status < 200) {
        buffered = buffered.subarray(head.bodyAt)
        continue
      }
      if (head.status === 204 || head.status === 304) return complete(head, EMPTY, head.bodyAt, true)
      if (head.isChunked) {
        const chunked = readChunked(buffered, head.bodyAt)
        return chunked === null ? null : complete(head, chunked.body, chunked.end, true)
      }
      const length = head.contentBytes
      if (length === null) {
        checkBodySize(buffered.length - head.bodyAt)
        return isEnd ? complete(head, buffered.subarray(head.bodyAt), buffered.length, false) : null
      }
      checkBodySize(length)
      const end = head.bodyAt + length
      if (buffered.length < end) return null
      return complete(head, length === 0 ? EMPTY : buffered.subarray(head.bodyAt, end), end, true)
    }
    return null
  }

  return {
    push(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      return parse(false)
    },
    end: () => parse(true),
  }
}

function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf(BLANK_LINE)
  if (end < 0 || end > RESPONSE_LIMITS.headerBytes) {
    if (end > 0 || bytes.length > RESPONSE_LIMITS.headerBytes)
      throw new HttpFormatError(`expected a header of at most ${RESPONSE_LIMITS.headerBytes} bytes`)
    if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/')
      throw new HttpFormatError('expected an HTTP/1.1 response')
    return null
  }
  const lines = bytes.toString('latin1', 0, end).split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(lines[0]!)
  if (status === null) throw new HttpFormatError('expected an HTTP/1.1 status line')
  const headers = new Map<string, string>()
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    if (colon <= 0) throw new HttpFormatError('expected a header line `name: value`')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  if (lines[0]!.startsWith('HTTP/1.0') && !headers.has('connection')) headers.set('connection', 'close')
  const bodyAt = end + BLANK_LINE.length
  return {
    // A copy: the chunk it came in may be large.
    bytes: Buffer.from(bytes.subarray(0, bodyAt)),
    status: Number(status[1]),
    headers,
    isChunked: /\bchunked\b/i.test(headers.get('transfer-encoding') ?? ''),
    contentBytes: contentLength(headers),
    asksToClose: headers.get('connection')?.toLowerCase().includes('close') ?? false,
    bodyAt,
  }
}

function startsWith(bytes: Buffer, head: Buffer): boolean {
  return bytes.length >= head.length && bytes.compare(head, 0, head.length, 0, head.length) === 0
}

function contentLength(headers: ReadonlyMap<string, string>): number | null {
  const text = headers.get('content-length')
  if (text === undefined) return null
  if (!/^\d{1,15}$/.test(text)) throw new HttpFormatError('expected a Content-Length of digits')
  return Number(text)
}

function checkBodySize(sizeBytes: number): void {
  if (sizeBytes > RESPONSE_LIMITS.bodyBytes)
    throw new HttpFormatError(
      `expected a response body of at most ${RESPONSE_LIMITS.bodyBytes} bytes, got ${sizeBytes}`,
    )
}

/** RFC 9112 §7.1; trailers are skipped. Null while incomplete. */
function readChunked(bytes: Buffer, from: number): { body: Uint8Array; end: number } | null {
  const parts: Uint8Array[] = []
  let total = 0
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) {
      if (bytes.length - at > 1024) throw new HttpFormatError('expected a chunk size')
      return null
    }
    const size = /^([0-9a-fA-F]{1,8})\s*(?:;.*)?$/.exec(bytes.toString('latin1', at, lineEnd))
    if (size === null) throw new HttpFormatError('expected a chunk size in hexadecimal')
    const length = Number.parseInt(size[1]!, 16)
    total += length
    checkBodySize(total)
    const dataAt = lineEnd + 2
    if (length === 0) {
      const end = bytes.indexOf('\r\n\r\n', lineEnd)
      if (bytes.length >= dataAt + 2 && bytes.toString('latin1', dataAt, dataAt + 2) === '\r\n')
        return { body: Buffer.concat(parts), end: dataAt + 2 }
      if (bytes.length - dataAt > RESPONSE_LIMITS.headerBytes)
        throw new HttpFormatError('expected the end of the trailers')
      return end < 0 ? null : { body: Buffer.concat(parts), end: end + 4 }
    }
    if (bytes.length < dataAt + length + 2) return null
    if (bytes.toString('latin1', dataAt + length, dataAt + length + 2) !== '\r\n')
      throw new HttpFormatError('expected a line end after a chunk')
    parts.push(bytes.subarray(dataAt, dataAt + length))
    at = dataAt + length + 2
  }
}
