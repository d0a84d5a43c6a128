import { SystemClock } from '../../clock/system-clock.ts'
import { startFakeServer } from '../../driver/fake/remote/server.ts'

// The child process of `fakeProvider`: argument 1 is the port (0 = any). Prints `{"port":…}` once it listens, and ends
// when its standard input does, so that it never outlives its parent.
const server = startFakeServer(new SystemClock(), Number(process.argv[2] ?? 0))
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`)
for await (const _ of Bun.stdin.stream());
server.stop()
