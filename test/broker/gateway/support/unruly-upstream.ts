import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** What an upstream may do to the one who exports to it. */
export const MOODS = ['takes', 'refuses', 'is slow', 'resets', 'answers garbage', 'is down'] as const
export type Mood = (typeof MOODS)[number]

export interface UnrulyUpstream {
  readonly port: number
  mood: Mood
  stop(): void
}

const ANSWERS: Partial<Record<Mood, string>> = {
  takes: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  refuses: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n',
  'answers garbage': 'SSH-2.0-OpenSSH_9.2\r\n\r\n\0\0\0\0',
}

/** An HTTP upstream on a bare socket; it changes its mood at any time. */
export async function startUnrulyUpstream(): Promise<UnrulyUpstream> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (upstream.mood === 'is down') return socket.resetAndDestroy()
    let missingBytes = 0
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      let rest = chunk
      // Requests follow one another on a connection, never at once.
      if (missingBytes === 0) {
        head += rest.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        missingBytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        rest = Buffer.from(head.slice(end + 4), 'latin1')
        head = ''
      }
      missingBytes -= rest.length
      if (missingBytes === 0) answer(socket)
    })
  })
  function answer(socket: Socket): void {
    if (upstream.mood === 'resets' || upstream.mood === 'is down') socket.resetAndDestroy()
    // Slow: later than the gateway waits, which is to say never.
    else if (upstream.mood !== 'is slow') socket.write(ANSWERS[upstream.mood]!)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream: UnrulyUpstream = {
    port: (server.address() as AddressInfo).port,
    mood: 'takes',
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
  return upstream
}
