// An upstream that takes everything and counts what arrived.

export interface SinkCounts {
  readonly requests: number
  readonly spans: number
  /** Requests that still hold a tenant's name. */
  readonly unmasked: number
  /** Requests turned away while it fails. */
  readonly failed: number
}

export interface Sink {
  readonly port: number
  counts(): SinkCounts
  close(): Promise<void>
}

/** In every span of the payload exactly once. */
const SPAN_MARK = Buffer.from('http.request.method')
/** How every tenant's name begins. */
const UNMASKED_MARK = Buffer.from('tenant-0')

/** GET tells its counts; PUT `fail` makes it answer 503 until PUT `work`. */
export function startSink(): Sink {
  let requests = 0
  let spans = 0
  let unmasked = 0
  let failed = 0
  let isFailing = false
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      if (request.method === 'PUT') {
        isFailing = (await request.text()) === 'fail'
        return new Response()
      }
      if (request.method === 'GET') return Response.json({ requests, spans, unmasked, failed })
      const bytes = Buffer.from(await request.arrayBuffer())
      if (isFailing) {
        failed++
        return new Response(null, { status: 503 })
      }
      requests++
      spans += occurrences(bytes, SPAN_MARK)
      if (bytes.indexOf(UNMASKED_MARK) >= 0) unmasked++
      return new Response(null, { status: 200, headers: { 'content-type': 'application/x-protobuf' } })
    },
  })
  return {
    port: server.port!,
    counts: () => ({ requests, spans, unmasked, failed }),
    close: () => server.stop(true),
  }
}

function occurrences(bytes: Buffer, mark: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) count++
  return count
}
