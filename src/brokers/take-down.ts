import { identify, isSame, type ProcessIdentity, signalSame } from './process/identity.ts'
import { runCommand } from './provision/command.ts'
import { type BrokerState, removeState } from './state.ts'

const GRACE_MS = 20_000
const KILL_LIMIT_MS = 10_000
const POLL_MS = 50
const CONTAINER_LIMIT_MS = 60_000

/**
 * Ends exactly what the state names, cleanly where it can; then wipes the data and forgets it. A process whose number
 * was taken over by another is left alone. Returns what could not be ended.
 */
export async function takeDown(state: BrokerState, graceMs = GRACE_MS): Promise<readonly ProcessIdentity[]> {
  const signal = new AbortController().signal
  for (const container of state.containers) {
    const [command = '', name = ''] = container.split(' ')
    const args = ['rm', '-f', '-v', name]
    await runCommand({ command, args, limitMs: CONTAINER_LIMIT_MS }, signal)
  }
  const ours = state.processes.filter(isSame)
  for (const identity of ours) {
    // A halted process cannot hear.
    signalSame(identity, 'SIGCONT', { group: true })
    signalSame(identity, 'SIGTERM')
  }
  await untilGone(ours, graceMs)
  for (const identity of ours) killGroup(identity)
  // The server itself may be a child that its leader left behind.
  const servers = state.nodes.flatMap((node) => (node.process === null ? [] : [node.process]))
  for (const identity of servers) signalSame(identity, 'SIGKILL')
  const left = await untilGone([...ours, ...servers], KILL_LIMIT_MS)
  const logFiles = state.nodes.map((node) => node.logFile)
  if (left.length === 0) await removeState(state.name, logFiles)
  return left
}

// The leader may have gone and left members behind; its number is not given away while they live.
function killGroup(leader: ProcessIdentity): void {
  const now = identify(leader.pid)
  if (now !== null && now.start !== leader.start) return
  try {
    process.kill(-leader.pid, 'SIGKILL')
  } catch {
    // Nothing is left of it, as usual.
  }
}

async function untilGone(
  processes: readonly ProcessIdentity[],
  limitMs: number,
): Promise<readonly ProcessIdentity[]> {
  const endMs = performance.now() + limitMs
  let left = processes.filter(isSame)
  while (left.length > 0 && performance.now() < endMs) {
    await Bun.sleep(POLL_MS)
    left = left.filter(isSame)
  }
  return left
}
