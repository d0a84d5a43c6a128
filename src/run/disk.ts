import { messageOf } from '../errors/app-error.ts'

const SYNC_LIMIT_MS = 60_000

/**
 * Waits until what was written before lies on the disk, so that no trial pays for the writes of the one before it.
 * Resolves with why it could not be done, else null; an abort ends the wait.
 */
export async function syncDisk(signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) return null
  const limit = AbortSignal.timeout(SYNC_LIMIT_MS)
  const either = AbortSignal.any([signal, limit])
  // A process that waits for a disk cannot always be killed: nobody waits for its end beyond the limit.
  const ended = new Promise<void>((resolve) => {
    either.addEventListener('abort', () => resolve(), { once: true })
  })
  try {
    const child = Bun.spawn(['sync'], { signal: either, stdio: ['ignore', 'ignore', 'ignore'] })
    await Promise.race([child.exited, ended])
    if (signal.aborted) return null
    if (limit.aborted) return `the disk was not synced within ${SYNC_LIMIT_MS / 1000} s`
    return child.exitCode === 0 ? null : `sync ended with ${child.exitCode}`
  } catch (error) {
    return `sync could not be run: ${messageOf(error)}`
  }
}
