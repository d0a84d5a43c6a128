import { pollUntil } from '../support/poll.ts'

const LIMIT_MS = 60_000

export interface ReceivedEvent {
  readonly id: string
  readonly name: string
  readonly data: unknown
}

/** A client of server-sent events that keeps all it gets. */
export interface EventReader {
  readonly all: readonly ReceivedEvent[]
  names(): string[]
  /** Resolves when there are so many events of the name. */
  until(name: string, count?: number): Promise<void>
  /** Resolves when the server has ended the stream, or is gone. */
  readonly ended: Promise<void>
  close(): void
}

/** Opens `events` below the address of a live page, as a page that has seen `lastEventId`. */
export async function openEvents(url: string, lastEventId?: string): Promise<EventReader> {
  const stop = new AbortController()
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await fetch(`${url}events`, { headers, signal: stop.signal })
  if (!response.ok || response.body === null) throw new Error(`expected events, got ${response.status}`)
  const all: ReceivedEvent[] = []
  const read = async (body: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
        if (field('data') !== '')
          all.push({ id: field('id'), name: field('event'), data: JSON.parse(field('data')) })
      }
    }
  }
  const ended = read(response.body).catch(() => {})
  const names = () => all.map(({ name }) => name)
  return {
    all,
    names,
    ended,
    until: (name, count = 1) =>
      pollUntil(
        `${count} events ${name}`,
        LIMIT_MS,
        () => names().filter((each) => each === name).length >= count,
      ),
    close: () => stop.abort(),
  }
}
