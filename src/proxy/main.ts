/** Entry of the proxy process: serves its supervisor over IPC, and ends when that is gone, however it went. */
import { SystemClock } from '../clock/system-clock.ts'
import type { ToProxy } from './protocol.ts'
import { serveProxy } from './serve-proxy.ts'

const handle = serveProxy(new SystemClock(), (message) => process.send?.(message))
process.on('message', (message) => handle(message as ToProxy))
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole process group; the supervisor still drains what is under way through us.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
