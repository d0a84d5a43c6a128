// Runs in the network of a VPC: `relay-main.ts VPC SOCKET PORT…`. Each request goes to the socket, with the address that
// asked. Ends when its input does.
import { PORT_HEADER, SOURCE_HEADER, VPC_HEADER } from './relay.ts'

const [vpcId = '', socket = '', ...ports] = process.argv.slice(2)
const MAX_BODY_BYTES = 512 * 1024 * 1024

for (const port of ports) {
  Bun.serve({
    hostname: '0.0.0.0',
    port: Number(port),
    idleTimeout: 120,
    maxRequestBodySize: MAX_BODY_BYTES,
    fetch: async (request, server) => {
      const headers = new Headers(request.headers)
      headers.set(SOURCE_HEADER, server.requestIP(request)?.address.replace(/^::ffff:/, '') ?? '')
      headers.set(PORT_HEADER, port)
      headers.set(VPC_HEADER, vpcId)
      const { pathname, search } = new URL(request.url)
      const body = request.method === 'GET' || request.method === 'HEAD' ? null : await request.arrayBuffer()
      return fetch(`http://relay${pathname}${search}`, {
        ...{ unix: socket, method: request.method, headers, body },
        ...{ decompress: false, redirect: 'manual' },
      })
    },
  })
}
process.stdin.once('end', () => process.exit(0)).resume()
process.stdout.write('ready\n')
