import { AppError } from '../errors/app-error.ts'
import { refusalOf } from './admission.ts'
import { type Clients, createClients } from './clients.ts'
import { LIVE_LIMITS } from './limits.ts'
import type { LiveRun } from './live-run.ts'
import { OPEN_METRICS_TYPE } from './open-metrics.ts'
import { livePage } from './page.ts'

const LOOPBACK = '127.0.0.1'

/** Of every answer. Nothing is kept, framed or taken for what it is not. */
const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const

export interface LiveServer {
  /** Of the page, with its port. */
  readonly url: string
  /** Pages that listen. */
  readonly clientCount: number
  /** Gives the last messages a moment to leave, then closes everything. */
  close(): Promise<void>
}

export interface LiveServerOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** Messages that a client may leave unread before it is dropped. */
  readonly unreadMessages?: number
}

/** Serves the page, its events and `/metrics` on loopback. Throws `AppError('USAGE')` when the port cannot be had. */
export function startLiveServer(run: LiveRun, options: LiveServerOptions): LiveServer {
  const clients = createClients(run, options.unreadMessages ?? LIVE_LIMITS.unreadMessages)
  const server = listen(options.port, (request, held) => {
    const refusal = refusalOf(request)
    if (refusal !== null) return plain(refusal.reason, refusal.status)
    const { pathname } = new URL(request.url)
    if (pathname === '/events') held.timeout(request, 0)
    return answer(pathname, request, run, clients)
  })
  return {
    url: `http://${LOOPBACK}:${server.port}/`,
    get clientCount() {
      return clients.count
    },
    async close() {
      clients.close()
      // Ends when every answer has left, or when the time is over.
      await Promise.race([server.stop(), Bun.sleep(LIVE_LIMITS.closeMs)])
      await server.stop(true)
    },
  }
}

type Handler = (request: Request, server: Bun.Server<undefined>) => Response

function listen(port: number, fetch: Handler): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: LOOPBACK,
      port,
      // Else the stream of a page that is dropped would be told on stderr as an error of ours; and without development
      // a port is shared with whoever does the same, unless that is ruled out.
      development: false,
      reusePort: false,
      maxRequestBodySize: 0,
      fetch,
    })
  } catch (error) {
    const { code } = error as { code?: string }
    const got =
      code === 'EADDRINUSE'
        ? 'it is in use'
        : code === 'EACCES'
          ? 'this user may not have it'
          : `got: ${String(error)}`
    throw new AppError('USAGE', `expected port ${port} to be free for --live; ${got}`, {
      hint: 'name another port, or none: --live alone takes a free one',
      cause: error,
    })
  }
}

function answer(path: string, request: Request, run: LiveRun, clients: Clients): Response {
  switch (path) {
    case '/':
      return new Response(livePage(run.facts), { headers: PAGE_HEADERS })
    case '/events':
      return clients.open(request.headers.get('last-event-id')) ?? plain('too many pages listen already', 503)
    case '/metrics':
      return new Response(run.metricsText(), {
        headers: { ...SAFE_HEADERS, 'content-type': OPEN_METRICS_TYPE },
      })
    default:
      return plain('expected / or /metrics', 404)
  }
}

const PAGE_HEADERS = {
  ...SAFE_HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
} as const

function plain(text: string, status: number): Response {
  const headers = { ...SAFE_HEADERS, 'content-type': 'text/plain; charset=utf-8' }
  return new Response(`${text}\n`, { status, headers })
}
