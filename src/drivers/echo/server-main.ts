/**
 * The echo server as a process of its own. Prints `{"port":…}` once it listens, and ends when its standard input does, so
 * that it never outlives its parent.
 */
import { startEchoServer } from './echo-server.ts'

const server = startEchoServer()
process.on('SIGINT', () => {})
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`)
for await (const _ of Bun.stdin.stream());
server.stop()
