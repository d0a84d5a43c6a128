// An upstream that takes everything and counts what arrived. Its data port speaks just enough HTTP/1.1 (POST with a
// Content-Length, keep-alive) to cost less than the gateways in front of it, or they would never be busy.

export interface SinkCounts {
  readonly requests: number
  readonly spans: number
  /** Requests that still hold a tenant's name. */
  readonly unmasked: number
  /** Requests turned away while it fails. */
  readonly failed: number
}

export interface Sink {
  /** Takes exports. */
  readonly port: number
  /** GET tells the counts; PUT `fail` makes it answer 503 until PUT `work`. */
  readonly controlPort: number
  close(): Promise<void>
}

/** In every span of the payload exactly once. */
const SPAN_MARK = Buffer.from('http.request.method')
/** How every tenant's name begins. */
const UNMASKED_MARK = Buffer.from('tenant-0')
const HEAD_END = Buffer.from('\r\n\r\n')
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)\r\n/i
const TAKEN = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n',
)
const FAILING = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')

export function startSink(): Sink {
  let counts: SinkCounts = { requests: 0, spans: 0, unmasked: 0, failed: 0 }
  let isFailing = false

  function take(body: Buffer): Buffer {
    if (isFailing) {
      counts = { ...counts, failed: counts.failed + 1 }
      return FAILING
    }
    counts = {
      ...counts,
      requests: counts.requests + 1,
      spans: counts.spans + occurrences(body, SPAN_MARK),
      unmasked: counts.unmasked + (body.includes(UNMASKED_MARK) ? 1 : 0),
    }
    return TAKEN
  }

  const server = Bun.listen<{ rest: Buffer[]; restBytes: number; wantedBytes: number }>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.data = { rest: [], restBytes: 0, wantedBytes: 1 }
      },
      data(socket, chunk) {
        const { data } = socket
        data.rest.push(chunk)
        data.restBytes += chunk.length
        // Joined only once a request is whole: large ones come in many chunks.
        while (data.restBytes >= data.wantedBytes) {
          const bytes = data.rest.length === 1 ? data.rest[0]! : Buffer.concat(data.rest)
          const request = requestIn(bytes)
          data.wantedBytes = request.endsAt
          if (request.endsAt > bytes.length) {
            data.rest = [bytes]
            return
          }
          socket.write(take(bytes.subarray(request.bodyAt, request.endsAt)))
          data.rest = request.endsAt === bytes.length ? [] : [bytes.subarray(request.endsAt)]
          data.restBytes -= request.endsAt
          data.wantedBytes = 1
        }
      },
    },
  })
  const control = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      if (request.method === 'PUT') isFailing = (await request.text()) === 'fail'
      return Response.json(counts)
    },
  })
  return {
    port: server.port,
    controlPort: control.port!,
    async close() {
      server.stop(true)
      await control.stop(true)
    },
  }
}

/** Where the body of the request at the beginning of `bytes` lies; not yet whole if it ends beyond them. */
function requestIn(bytes: Buffer): { readonly bodyAt: number; readonly endsAt: number } {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return { bodyAt: 0, endsAt: bytes.length + 1 }
  const length = CONTENT_LENGTH.exec(bytes.toString('latin1', 0, headEnd + 2))?.[1]
  if (length === undefined) throw new Error('expected a request with a Content-Length')
  const bodyAt = headEnd + HEAD_END.length
  return { bodyAt, endsAt: bodyAt + Number(length) }
}

function occurrences(bytes: Buffer, mark: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) count++
  return count
}
