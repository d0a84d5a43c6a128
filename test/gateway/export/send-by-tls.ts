// Sends one request over TLS to 127.0.0.1, port = first argument, and prints the outcome as JSON.
import { createGrpcUplink } from '../../../gateway/export/grpc-uplink.ts'

const uplink = createGrpcUplink({
  url: new URL(`grpcs://127.0.0.1:${process.argv[2]}`),
  signal: 'traces',
  connections: 1,
  timeouts: { connectMs: 5000, requestMs: 5000 },
  headers: {},
  compression: 'none',
})
const outcome = await uplink.send('traces', [Buffer.from([10, 0])], AbortSignal.timeout(10_000))
await uplink.close()
process.stdout.write(JSON.stringify(outcome))
