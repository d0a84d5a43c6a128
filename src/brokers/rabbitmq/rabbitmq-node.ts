import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import type { BrokerNode } from '../broker.ts'
import { identify, type ServerProcess, signalSame, spawnServer, waitUntil } from '../process/index.ts'
import { runCommand } from '../provision/command.ts'
import { type BrokerPlan, type NodePlan, nodeEnvironment } from './rabbitmq-files.ts'
import { probeRabbitmq } from './rabbitmq-probe.ts'

const START_LIMIT_MS = 120_000
const PROBE_EVERY_MS = 200
/** Without a port mapper `rabbitmqctl` would hang for minutes. */
const CONTROL_LIMIT_MS = 30_000

/** A node that was started. */
export interface RabbitmqNode extends BrokerNode {
  /** Resolves once a message was confirmed and read; throws `AppError('PREPARE')` quoting the log. */
  healthy(signal: AbortSignal): Promise<void>
}

/** Starts a node and returns at once. */
export function startNode(broker: BrokerPlan, plan: NodePlan, signal: AbortSignal): RabbitmqNode {
  let server = spawnNode(broker, plan, signal)
  const address = `127.0.0.1:${plan.amqpPort}`
  const tell = (name: 'SIGSTOP' | 'SIGCONT') => {
    const identity = identify(server.pid)
    if (identity !== null) signalSame(identity, name)
  }
  return {
    name: plan.name,
    bound: address,
    advertised: address,
    logFile: plan.logFile,
    get pid() {
      return server.pid
    },
    kill: () => server.kill(),
    stop: () => tell('SIGSTOP'),
    continue: () => tell('SIGCONT'),
    async restart(restartSignal) {
      if (server.exit() === null) {
        throw new AppError(
          'CONTRACT',
          `expected ${plan.name} to be killed before it is restarted, but it runs`,
        )
      }
      server = spawnNode(broker, plan, restartSignal)
      await healthy(plan, server, restartSignal)
    },
    healthy: (startSignal) => healthy(plan, server, startSignal),
  }
}

function spawnNode(broker: BrokerPlan, plan: NodePlan, signal: AbortSignal): ServerProcess {
  return spawnServer({
    command: join(broker.install.home, 'sbin/rabbitmq-server'),
    args: [],
    env: nodeEnvironment(broker, plan),
    cwd: plan.directory,
    logFile: plan.logFile,
    signal,
  })
}

async function healthy(plan: NodePlan, server: ServerProcess, signal: AbortSignal): Promise<void> {
  await waitUntil(
    async () => (await probeRabbitmq(plan.amqpPort)) !== '',
    {
      limitMs: START_LIMIT_MS,
      everyMs: PROBE_EVERY_MS,
      what: `${plan.name} to confirm and return a message on 127.0.0.1:${plan.amqpPort}`,
      server,
    },
    signal,
  )
}

/** Runs `rabbitmqctl` against a node and returns what it printed. Throws `AppError('PREPARE')`. */
export async function control(
  broker: BrokerPlan,
  node: NodePlan,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const output = await runCommand(
    {
      command: join(broker.install.home, 'sbin/rabbitmqctl'),
      args,
      env: nodeEnvironment(broker, node),
      cwd: node.directory,
      limitMs: CONTROL_LIMIT_MS,
    },
    signal,
  )
  if (output.code === 0) return output.stdout
  const said = `${output.stdout}\n${output.stderr}`.trim().split('\n').slice(-8).join('\n')
  throw new AppError('PREPARE', `expected rabbitmqctl ${args[0]} to succeed on ${node.name}, got:\n${said}`, {
    hint: `the node's log: ${node.logFile}`,
  })
}
