/** The sink as a process of its own: says its ports on stdout; ends with its stdin. */
import { startSink } from './sink.ts'

const sink = startSink()
console.log(JSON.stringify({ port: sink.port, controlPort: sink.controlPort }))
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said to it; the end of stdin is the end.
}
await sink.close()
process.exit(0)
