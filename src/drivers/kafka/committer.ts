import type { OffsetLedger } from './offset-ledger.ts'

/** Commits what is acknowledged, one commit at a time. */
export interface Committer {
  /** Commits what is dirty, after a commit that is under way. Never rejects. */
  commit(): Promise<void>
  stop(): void
}

/** A committer that runs by itself every `intervalMs`. What fails stays dirty and is tried again. */
export function createCommitter(
  ledger: OffsetLedger,
  intervalMs: number,
  send: (positions: readonly (readonly [number, number])[]) => Promise<void>,
  onFailure: () => void,
): Committer {
  let last: Promise<void> = Promise.resolve()
  let busy = false

  async function commitDirty(): Promise<void> {
    const positions = ledger.takeDirty()
    if (positions.length === 0) return
    busy = true
    try {
      await send(positions)
    } catch {
      ledger.restore(positions)
      onFailure()
    } finally {
      busy = false
    }
  }

  function commit(): Promise<void> {
    last = last.then(commitDirty)
    return last
  }

  const timer = setInterval(() => {
    if (!busy) void commit()
  }, intervalMs)
  return { commit, stop: () => clearInterval(timer) }
}
