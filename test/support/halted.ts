import { pollUntil } from './poll.ts'

const HALT_LIMIT_MS = 10_000

/** Waits until a process that was sent SIGSTOP has really stopped: on a busy machine it still answers for a while. */
export function untilHalted(pid: number): Promise<void> {
  return pollUntil(`process ${pid} to halt`, HALT_LIMIT_MS, () => {
    const { stdout } = Bun.spawnSync(['ps', '-o', 'state=', '-p', String(pid)])
    return stdout.toString().trim().startsWith('T')
  })
}
