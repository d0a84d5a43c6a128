import type { Socket } from 'bun'

/** Stands between a client and one broker. */
export interface SwallowingProxy {
  /** `127.0.0.1:port`, as long as the broker's own address: it takes its place in the broker's answers to lookups. */
  readonly address: string
  /** From now on nothing of the broker reaches clients: what they send arrives, and is never answered. */
  swallow(): void
  /** Ends all connections and lets everything through on new ones. */
  cut(): void
  stop(): void
}

type Side = Socket<{ other: Side | null; waiting: Uint8Array[] }>

/** Tests send little: what one socket does not take at once is an error, not a queue. */
function pass(to: Side, bytes: Uint8Array): void {
  if (to.write(bytes) !== bytes.length) throw new Error('expected the socket to take all bytes at once')
}

/** `server` is `127.0.0.1:port` with a port of five digits. */
export function swallowingProxy(server: string): SwallowingProxy {
  const port = Number(server.split(':')[1])
  const clients = new Set<Side>()
  let swallowing = false
  const listener = listenOn(server.length, {
    open(client) {
      client.data = { other: null, waiting: [] }
      clients.add(client)
      Bun.connect<Side['data']>({
        hostname: '127.0.0.1',
        port,
        socket: {
          open(broker) {
            broker.data = { other: client, waiting: [] }
            client.data.other = broker
            for (const bytes of client.data.waiting.splice(0)) pass(broker, bytes)
          },
          data(_, bytes) {
            if (!swallowing) pass(client, readdressed(bytes, server, address))
          },
          close: () => void client.end(),
        },
      }).catch(() => client.end())
    },
    data(client, bytes) {
      const { other, waiting } = client.data
      if (other === null) waiting.push(Uint8Array.from(bytes))
      else pass(other, bytes)
    },
    close(client) {
      clients.delete(client)
      client.data.other?.end()
    },
  })
  const address = `127.0.0.1:${listener.port}`
  return {
    address,
    swallow() {
      swallowing = true
    },
    cut() {
      for (const client of clients) client.terminate()
      swallowing = false
    },
    stop: () => listener.stop(true),
  }
}

/** A listener whose address has the wanted length, so that it fits where the broker's stood. */
function listenOn(length: number, socket: Bun.SocketHandler<Side['data']>) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const listener = Bun.listen<Side['data']>({ hostname: '127.0.0.1', port: 0, socket })
    if (`127.0.0.1:${listener.port}`.length === length) return listener
    listener.stop(true)
  }
  throw new Error(`expected a free port that makes an address of ${length} characters`)
}

/** Addresses of the broker become those of the proxy. Small frames come whole here: none is cut within an address. */
function readdressed(bytes: Uint8Array, from: string, to: string): Buffer {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1')
}
