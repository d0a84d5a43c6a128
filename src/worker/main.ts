/** Entry of a worker process: serves one supervisor over IPC, ends when it is told to or when the supervisor is gone. */
import { skewedClock, skewOf } from '../clock/skewed-clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import type { Channel } from './channel.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import { serveWorker } from './worker.ts'

const channel: Channel<ToWorker, FromWorker> = {
  send: (message) => process.send?.(message),
  onMessage: () => {},
  onClose: () => {},
}
process.on('message', (message) => channel.onMessage(message as ToWorker))
process.on('disconnect', () => channel.onClose())
// Ctrl-C reaches the whole process group; the supervisor decides what becomes of the trial.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

const clock = new SystemClock()
const skew = skewOf(process.env.BENCH_WORKER ?? '')
serveWorker(channel, skew === null ? clock : skewedClock(clock, skew), () => process.exit(0))
