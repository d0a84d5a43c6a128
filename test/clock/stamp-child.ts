/** The other process of the clock test: answers stamps, then asks for as many itself. */
import { SystemClock } from '../../src/clock/system-clock.ts'

const clock = new SystemClock()
const stamps: { sentUs: number; stampUs: number; receivedUs: number }[] = []
let sentUs = 0
let wanted = 0

function ask(): void {
  sentUs = clock.nowUs()
  process.send!({ kind: 'ask' })
}

process.on(
  'message',
  (message: { kind: 'ask' } | { kind: 'yourTurn'; count: number } | { kind: 'stamp'; us: number }) => {
    if (message.kind === 'ask') {
      process.send!({ kind: 'stamp', us: clock.nowUs() })
      return
    }
    if (message.kind === 'yourTurn') wanted = message.count
    else stamps.push({ sentUs, stampUs: message.us, receivedUs: clock.nowUs() })
    if (stamps.length < wanted) ask()
    else process.send!({ kind: 'done', stamps })
  },
)
