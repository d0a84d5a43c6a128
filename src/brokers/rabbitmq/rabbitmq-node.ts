import { join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { type ManagedNode, startNode } from '../base-node.ts'
import { type ServerProcess, spawnServer, waitUntil } from '../process/index.ts'
import { runCommand } from '../provision/command.ts'
import { type NativePlan, type NodePlan, nodeEnvironment } from './rabbitmq-files.ts'
import { probeRabbitmq } from './rabbitmq-probe.ts'

const START_LIMIT_MS = 120_000
const PROBE_EVERY_MS = 200
/** Without a port mapper `rabbitmqctl` would hang for minutes. */
const CONTROL_LIMIT_MS = 30_000

/**
 * Asks for a leader of every quorum queue. RabbitMQ 3.10 on a single node leaves a queue without one for good when a
 * client asks for the queue in the moment between the start and the election; leaders that are there stay.
 */
const ELECT_LEADERS =
  '[catch ra:trigger_election({element(1, amqqueue:get_pid(Q)), node()}) || ' +
  'Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue].'

/** Starts a node and waits until a message was confirmed and read; throws `AppError('PREPARE')` quoting the log. */
export function startRabbitmqNode(
  broker: NativePlan,
  plan: NodePlan,
  signal: AbortSignal,
): Promise<ManagedNode> {
  const address = `127.0.0.1:${plan.amqpPort}`
  let starts = 0
  const start = async (startSignal: AbortSignal): Promise<ServerProcess> => {
    const server = spawnNode(broker, plan, startSignal)
    try {
      await healthy(plan, server, startSignal)
      const again = starts++ > 0 && broker.nodes.length === 1
      if (again) await control(broker, plan, ['eval', ELECT_LEADERS], startSignal)
      return server
    } catch (error) {
      await server.kill()
      throw error
    }
  }
  return startNode(
    { name: plan.name, bound: address, advertised: plan.front ?? address, logFile: plan.logFile, start },
    signal,
  )
}

function spawnNode(broker: NativePlan, plan: NodePlan, signal: AbortSignal): ServerProcess {
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
    async () => (await probeRabbitmq(plan.amqpPort)).version !== '',
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
  broker: NativePlan,
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
