import type { Environment, Settings } from '../config/settings.ts'
import type { Log } from '../telemetry/log.ts'
import { type MergedSnapshot, mergeSnapshots } from '../telemetry/merge.ts'
import { type Child, startChild } from './child.ts'
import { requireFreePorts } from './ports.ts'
import type { Listening } from './protocol.ts'

/** The gateway as the outside sees it, whether one process or several. */
export interface Gateway {
  readonly listening: Listening
  readonly pids: readonly number[]
  collect(): Promise<MergedSnapshot>
  isReady(): Promise<boolean>
  close(timeoutMs: number): Promise<void>
  /** Rejects when the gateway cannot go on. */
  readonly failed: Promise<never>
}

/** A process that dies is started again; if this happens more often in a minute, something is wrong with all of them. */
const MAX_RESTARTS_PER_MINUTE = 5

/**
 * Several processes that listen on the same ports (`SO_REUSEPORT`: the kernel spreads the connections). Metrics are
 * fetched from all of them and merged at each scrape.
 *
 * @throws AppError when a port is taken or a process does not come up; none is left behind.
 */
export async function superviseProcesses(
  settings: Settings,
  environment: Environment,
  log: Log,
): Promise<Gateway> {
  const count = settings.values.GATEWAY_PROCESSES
  const host = settings.values.GATEWAY_BIND_ADDRESS
  // With a shared port the kernel would not tell of another server on it.
  await requireFreePorts(host, [settings.values.GATEWAY_HTTP_PORT, settings.values.GATEWAY_GRPC_PORT])
  const first = await startChild(environment)
  const fixed: Environment = {
    ...environment,
    GATEWAY_HTTP_PORT: String(first.listening.httpPort),
    GATEWAY_GRPC_PORT: String(first.listening.grpcPort ?? 0),
  }
  const children: Child[] = [first]
  let isClosing = false
  let restartsAtMs: number[] = []
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  failed.catch(() => {})

  function watch(child: Child): void {
    void child.exited.then(async (code) => {
      if (isClosing) return
      children.splice(children.indexOf(child), 1)
      log('process died', { pid: child.pid, code })
      const nowMs = Date.now()
      restartsAtMs = [...restartsAtMs.filter((atMs) => nowMs - atMs < 60_000), nowMs]
      if (restartsAtMs.length > MAX_RESTARTS_PER_MINUTE)
        return fail(new Error(`gateway processes died ${restartsAtMs.length} times within a minute`))
      await add().catch(fail)
    })
  }

  async function add(): Promise<void> {
    const child = await startChild(fixed)
    if (isClosing) return child.stop(0)
    children.push(child)
    watch(child)
  }

  async function close(timeoutMs: number): Promise<void> {
    isClosing = true
    await Promise.all(children.map((child) => child.stop(timeoutMs)))
  }

  watch(first)
  try {
    await Promise.all(Array.from({ length: count - 1 }, add))
  } catch (error) {
    await close(0)
    throw error
  }
  const snapshots = async () => Promise.all(children.map((child) => child.snapshot()))
  return {
    listening: first.listening,
    get pids() {
      return children.map((child) => child.pid)
    },
    collect: async () =>
      mergeSnapshots((await snapshots()).flatMap((each) => (each === null ? [] : [each.snapshot]))),
    isReady: async () => (await snapshots()).every((each) => each?.isReady === true),
    close,
    failed,
  }
}
