import { connect, createServer, type Socket } from 'node:net'

/** What a client wrote, as AMQP frames: method frames by class and method, and content headers. */
export interface Tapped {
  /** Address to connect to instead of the server's. */
  readonly address: string
  /** Payloads of the client's method frames of this class and method so far. */
  methods(classId: number, methodId: number): readonly Buffer[]
  /** Payloads of the client's content headers so far. */
  readonly headers: readonly Buffer[]
  close(): void
}

/** A proxy on loopback that hands everything on and takes the client's side apart. */
export async function tapProxy(server: string): Promise<Tapped> {
  const methods: Buffer[] = []
  const headers: Buffer[] = []
  const sockets: Socket[] = []
  const port = Number(server.slice(server.lastIndexOf(':') + 1))
  const proxy = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    let rest: Buffer = Buffer.alloc(0)
    let greeted = false
    client.on('data', (chunk: Buffer) => {
      upstream.write(chunk)
      rest = Buffer.concat([rest, chunk])
      if (!greeted && rest.length >= 8) {
        greeted = true
        rest = rest.subarray(8)
      }
      while (greeted && rest.length >= 7 && rest.length >= rest.readUInt32BE(3) + 8) {
        const size = rest.readUInt32BE(3)
        if (rest[0] === 1) methods.push(rest.subarray(7, 7 + size))
        if (rest[0] === 2) headers.push(rest.subarray(7, 7 + size))
        rest = rest.subarray(size + 8)
      }
    })
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(proxy.address() as { port: number }).port}`,
    methods: (classId, methodId) =>
      methods.filter(
        (payload) => payload.readUInt16BE(0) === classId && payload.readUInt16BE(2) === methodId,
      ),
    headers,
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}
