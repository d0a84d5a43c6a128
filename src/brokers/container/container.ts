import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import type { RunningServer } from '../base-node.ts'
import { type ServerProcess, spawnServer } from '../process/spawn-server.ts'
import { forgetContainer, guardContainer } from '../process/watchdog.ts'
import { mustRun, runCommand } from '../provision/command.ts'
import type { ContainerEngine } from './engine.ts'

/** Every container of bench carries it: `docker ps --filter label=bench.broker`. */
export const CONTAINER_LABEL = 'bench.broker'

export interface ContainerOptions {
  readonly image: string
  /** Start of its name; a random part follows. Also the value of the label. */
  readonly name: string
  /** Ports of the container → ports of the loopback interface. */
  readonly ports: Readonly<Record<number, number>>
  /** Passed by environment, never on the command line: values may be secret. */
  readonly env: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly hostname?: string
  /** Name of an existing network; default: the engine's own. */
  readonly network?: string
  readonly logFile: string
}

/** A container that runs; its server is stopped and the container removed by `stop` and `kill`. */
export interface ContainerServer extends RunningServer {
  /** The container's full name. */
  readonly container: string
  /** Follows its output into the log file; ends when the container does. Give it to `waitUntil` as `server`. */
  readonly logs: ServerProcess
}

const RUN_LIMIT_MS = 60_000
const CONTROL_LIMIT_MS = 30_000
const NAME_RANDOM_BYTES = 4

/** Starts a container of an image that is there. It ends with bench, even when bench is killed. */
export async function runContainer(
  engine: ContainerEngine,
  options: ContainerOptions,
  signal: AbortSignal,
): Promise<ContainerServer> {
  const { command } = engine
  const container = `bench-${options.name}-${randomBytes(NAME_RANDOM_BYTES).toString('hex')}`
  const publish = Object.entries(options.ports).flatMap(([inner, outer]) => [
    '-p',
    `127.0.0.1:${outer}:${inner}`,
  ])
  const args = ['run', '-d', '--name', container, '--label', `${CONTAINER_LABEL}=${options.name}`, ...publish]
  for (const key of Object.keys(options.env)) args.push('-e', key)
  if (options.hostname) args.push('--hostname', options.hostname)
  if (options.network) args.push('--network', options.network)
  args.push(options.image, ...(options.args ?? []))
  guardContainer(command, container)
  try {
    const env = { ...process.env, ...options.env }
    const what = `a container of ${options.image}`
    const hint = `see what it says: ${command} logs ${container}`
    await mustRun({ command, args, env, limitMs: RUN_LIMIT_MS, what, hint }, signal)
    const pid = await serverPid(engine, container, signal)
    return containerServer(engine, container, pid, followLogs(engine, container, options.logFile, signal))
  } catch (error) {
    await remove(engine, container)
    throw error
  }
}

async function serverPid(engine: ContainerEngine, container: string, signal: AbortSignal): Promise<number> {
  const args = ['inspect', '--format', '{{.State.Pid}}', container]
  const output = await runCommand({ command: engine.command, args, limitMs: CONTROL_LIMIT_MS }, signal)
  const pid = Number(output.stdout.trim())
  if (output.code === 0 && pid > 0) return pid
  const logs = await runCommand(
    { command: engine.command, args: ['logs', '--tail', '15', container], limitMs: CONTROL_LIMIT_MS },
    signal,
  )
  throw new AppError(
    'PREPARE',
    `expected container ${container} to run, it ended:\n${logs.stdout}${logs.stderr}`,
    {
      hint: `try the image by hand: ${engine.command} run --rm IMAGE`,
    },
  )
}

function followLogs(engine: ContainerEngine, container: string, logFile: string, signal: AbortSignal) {
  const args = ['logs', '--follow', container]
  return spawnServer({ command: engine.command, args, env: process.env, cwd: '/', logFile, signal })
}

function containerServer(
  engine: ContainerEngine,
  container: string,
  pid: number,
  logs: ServerProcess,
): ContainerServer {
  const control = (...args: string[]) => {
    spawnSync(engine.command, [...args, container], { stdio: 'ignore', timeout: CONTROL_LIMIT_MS })
  }
  const end = async () => {
    await remove(engine, container)
    await logs.kill()
  }
  return {
    pid,
    container,
    logs,
    async stop(graceMs) {
      const args = ['stop', '-t', String(Math.ceil(graceMs / 1000)), container]
      const limitMs = graceMs + CONTROL_LIMIT_MS
      await runCommand({ command: engine.command, args, limitMs }, new AbortController().signal)
      await end()
    },
    kill: end,
    freeze: () => control('pause'),
    unfreeze: () => control('unpause'),
  }
}

/** Ends and removes a container and its anonymous volumes; fine when it is gone already. */
async function remove(engine: ContainerEngine, container: string): Promise<void> {
  const args = ['rm', '-f', '-v', container]
  await runCommand({ command: engine.command, args, limitMs: CONTROL_LIMIT_MS }, new AbortController().signal)
  forgetContainer(engine.command, container)
}
