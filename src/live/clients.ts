import type { LogEntry } from './event-log.ts'
import { LIVE_LIMITS } from './limits.ts'
import type { LiveRun } from './live-run.ts'

const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

/** How long a page waits before it comes back. */
const RETRY_MS = 1_000

/** The pages that listen. */
export interface Clients {
  /**
   * A stream of server-sent events: first what the page has missed, by the id of the last event it has seen; then
   * what comes. Null when there are too many.
   */
  open(lastEventId: string | null): Response | null
  readonly count: number
  /** Ends all streams. */
  close(): void
}

type Controller = ReadableStreamDefaultController<Uint8Array>

const encoder = new TextEncoder()

/** Who leaves so many messages unread is dropped: it comes back and gets what it has missed. */
export function createClients(run: LiveRun, unreadMessages: number): Clients {
  const open = new Set<Controller>()
  const idOf = (number: number) => `${run.streamId}:${number}`

  function greeting(lastEventId: string | null): string {
    const [id, number] = lastEventId?.split(':') ?? []
    const seen = id === run.streamId && Number(number) <= run.log.last ? Number(number) : 0
    const { forgottenSeconds } = run.log
    const hello = message('hello', JSON.stringify({ facts: run.facts, resumed: seen > 0, forgottenSeconds }))
    const missed = run.log.since(seen).map((entry) => entryText(entry))
    return `retry: ${RETRY_MS}\n\n${hello}${missed.join('')}`
  }

  const entryText = ({ number, event }: LogEntry) => {
    const data = event.kind === 'charts' ? run.chartsJson() : JSON.stringify(event)
    return `id: ${idOf(number)}\n${message(event.kind, data)}`
  }

  run.onEntry = (entry) => {
    if (open.size === 0) return
    const bytes = encoder.encode(entryText(entry))
    for (const controller of open) {
      const isSlow = (controller.desiredSize ?? 0) < -unreadMessages
      if (isSlow) open.delete(controller)
      // The run goes on whatever a page does: one that went away at this moment must not be felt there.
      quietly(() => (isSlow ? controller.error(new Error('too slow')) : controller.enqueue(bytes)))
    }
  }

  return {
    get count() {
      return open.size
    },
    open(lastEventId) {
      if (open.size >= LIVE_LIMITS.clients) return null
      let own: Controller
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          own = controller
          controller.enqueue(encoder.encode(greeting(lastEventId)))
          if (run.ended) controller.close()
          else open.add(controller)
        },
        cancel() {
          open.delete(own)
        },
      })
      return new Response(body, { headers: EVENT_STREAM_HEADERS })
    },
    close() {
      for (const controller of open) quietly(() => controller.close())
      open.clear()
    },
  }
}

/** A stream that its reader has just left takes nothing any more and says so by throwing. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {
    // `cancel` takes it off the list.
  }
}

/** JSON has no line end in it, so one `data` line holds it. */
function message(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`
}
