import { createServer, type Server } from 'node:net'
import { AppError } from '../../errors/app-error.ts'

/**
 * Free TCP ports of the loopback interface. Each is held until all are found, so they differ; after that another
 * program may take one, so start the server soon and let it fail loudly.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = []
  try {
    for (let i = 0; i < count; i++) held.push(await listen())
    return held.map((server) => (server.address() as { port: number }).port)
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

/** Throws `AppError('PREPARE')` when another program listens on this port of loopback; `who` wants it, e.g. `kafka`. */
export async function requireFreePort(port: number, who: string): Promise<void> {
  const server = createServer()
  const taken = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(true))
    server.listen(port, '127.0.0.1', () => resolve(false))
  })
  if (taken)
    throw new AppError(
      'PREPARE',
      `expected port ${port} of 127.0.0.1 to be free for ${who}, another program has it`,
      { hint: `see which: ss -ltnp 'sport = :${port}'; or leave the port out to let bench pick one` },
    )
  await new Promise((resolve) => server.close(resolve))
}
