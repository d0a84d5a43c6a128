import type { LocalBroker } from '../../../src/brokers/broker.ts'

const TRY_LIMIT_MS = 10_000

/** Addresses of the brokers' web services, `host:port`. */
export function webAddresses(broker: LocalBroker): string[] {
  return broker.settings['web service']!.split(',').map((url) => new URL(url).host)
}

/** Publishes texts by Pulsar's WebSocket interface, one after the other; resolves when all are acknowledged. */
export async function publish(web: string, topic: string, texts: readonly string[]): Promise<void> {
  let sent = 0
  await converse(web, `producer/persistent/public/default/${topic}`, (socket, message) => {
    if (message !== null && message.result !== 'ok') throw new Error(JSON.stringify(message))
    if (sent === texts.length) return true
    socket.send(JSON.stringify({ payload: Buffer.from(texts[sent]!).toString('base64') }))
    sent++
    return false
  })
}

/** Reads so many texts from the beginning of the topic. */
export async function read(web: string, topic: string, count: number): Promise<string[]> {
  const texts: string[] = []
  const path = `reader/persistent/public/default/${topic}?messageId=earliest`
  await converse(web, path, (socket, message) => {
    if (message === null) return false
    texts.push(Buffer.from(message.payload ?? '', 'base64').toString())
    socket.send(JSON.stringify({ messageId: message.messageId }))
    return texts.length === count
  })
  return texts
}

interface Message {
  readonly result?: string
  readonly payload?: string
  readonly messageId?: string
}

/** Hands the opening (null) and each message to `turn`, until that says true. */
function converse(web: string, path: string, turn: (socket: WebSocket, message: Message | null) => boolean) {
  return new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(`ws://${web}/ws/v2/${path}`)
    const timer = setTimeout(() => end(new Error(`expected an end of ${path} within 10 s`)), TRY_LIMIT_MS)
    const end = (error?: unknown) => {
      clearTimeout(timer)
      socket.close()
      if (error) reject(error)
      else resolve()
    }
    const next = (message: Message | null) => {
      try {
        if (turn(socket, message)) end()
      } catch (error) {
        end(error)
      }
    }
    socket.onopen = () => next(null)
    socket.onmessage = ({ data }) => next(JSON.parse(String(data)))
    socket.onerror = () => end(new Error(`expected a WebSocket of ${web}, it failed`))
    socket.onclose = ({ code, reason }) => end(new Error(`expected ${path} to go on, got ${code} ${reason}`))
  })
}

/** Tries until it works: a topic moves to another broker, or a server comes up. */
export async function eventually<Result>(what: string, work: () => Promise<Result>, limitMs = 60_000) {
  const endMs = performance.now() + limitMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > endMs)
        throw new Error(`expected ${what} within ${limitMs} ms, got ${error}`, { cause: error })
      await Bun.sleep(200)
    }
  }
}
