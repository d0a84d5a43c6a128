import type { WorkerProgress } from '../worker/protocol.ts'

/**
 * Whether nothing can come any more: everything sent is settled, and every message that the system may hold came to
 * every subscription. Those of unknown outcome count: one of them that came is no sign of an acknowledged one that is
 * still under way, as long as another of them is missing.
 */
export function isDrained(progress: readonly WorkerProgress[], subscriptions: number): boolean {
  let sent = 0
  let settled = 0
  let held = 0
  let received = 0
  for (const worker of progress) {
    if (!worker.sendingDone) return false
    sent += worker.sent
    settled += worker.settled
    held += worker.acknowledged + worker.unknown
    received += worker.distinctReceived
  }
  return settled >= sent && received >= held * subscriptions
}
