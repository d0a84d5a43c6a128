import net from 'node:net'
import type { LinkCondition, WayCondition } from '../../src/proxy/condition.ts'
import { CLEAR_WAY } from '../../src/proxy/condition.ts'

/** A server whose connections a test holds in its hands. */
export interface Listener {
  readonly address: string
  /** The next connection that comes. */
  next(): Promise<net.Socket>
  readonly accepted: number
  close(): void
}

export async function listen(): Promise<Listener> {
  const arrived: net.Socket[] = []
  const waiting: ((socket: net.Socket) => void)[] = []
  const all = new Set<net.Socket>()
  let accepted = 0
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    all.add(socket)
    accepted++
    const wanted = waiting.shift()
    if (wanted === undefined) arrived.push(socket)
    else wanted(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    get accepted() {
      return accepted
    },
    next: () =>
      new Promise((resolve) => {
        const socket = arrived.shift()
        if (socket === undefined) waiting.push(resolve)
        else resolve(socket)
      }),
    close() {
      server.close()
      for (const socket of all) socket.destroy()
    },
  }
}

export function dial(address: string): Promise<net.Socket> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: host!, port: Number(port), allowHalfOpen: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

/** Connects, and resolves to the code with which the connection breaks: at once, or later. */
export function breakOf(address: string): Promise<string | undefined> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const socket = net.connect({ host: host!, port: Number(port) })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.on('end', () => resolve('an orderly end'))
    socket.resume()
  })
}

/** All that comes until the other end says that it is all. */
export function readAll(socket: net.Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('data', (part) => parts.push(Buffer.from(part)))
    socket.on('end', () => resolve(Buffer.concat(parts)))
    socket.on('error', reject)
  })
}

/** Gives bytes to a socket, as it takes them, and then ends this direction. */
export function sendAll(socket: net.Socket, parts: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve) => {
    let next = 0
    const send = () => {
      while (next < parts.length) {
        if (!socket.write(parts[next++]!)) {
          socket.once('drain', send)
          return
        }
      }
      socket.end(resolve)
    }
    send()
  })
}

/** A condition with some of its parts. */
export function condition(
  toBroker: Partial<WayCondition>,
  toClient: Partial<WayCondition> = toBroker,
  reset = false,
): LinkCondition {
  return { toBroker: { ...CLEAR_WAY, ...toBroker }, toClient: { ...CLEAR_WAY, ...toClient }, reset }
}
