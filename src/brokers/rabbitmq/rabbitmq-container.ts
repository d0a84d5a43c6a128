import { AppError } from '../../errors/app-error.ts'
import { type ManagedNode, startNode } from '../base-node.ts'
import { type ContainerEngine, runContainer } from '../container/index.ts'
import { waitUntil } from '../process/index.ts'
import { definitionsOf } from './rabbitmq-extra.ts'
import { type BrokerPlan, commonLines, type NodePlan, vmArguments } from './rabbitmq-files.ts'
import { probeRabbitmq } from './rabbitmq-probe.ts'

/** The official image. Its version is printed in the result, as the server tells it. */
export const RABBITMQ_IMAGE = 'rabbitmq:4.1'

const AMQP_PORT = 5672
const START_LIMIT_MS = 120_000
const PROBE_EVERY_MS = 300
const DEFINITIONS_FILE = '/etc/rabbitmq/bench-definitions.json'
/** The image's entry point runs it; configuration comes by environment, so nothing has to be mounted. */
const SCRIPT = [
  'printf "%s" "$BENCH_CONFIGURATION" > /etc/rabbitmq/conf.d/90-bench.conf',
  `printf "%s" "$BENCH_DEFINITIONS" > ${DEFINITIONS_FILE}`,
  // The image switches prometheus on; the native broker runs without plugins.
  'printf "[]." > /etc/rabbitmq/enabled_plugins',
  'exec docker-entrypoint.sh rabbitmq-server',
].join(' && ')

/** Starts one node as a container, published on loopback; resolves once a message was confirmed and read. */
export function startContainerNode(
  engine: ContainerEngine,
  broker: BrokerPlan,
  plan: NodePlan,
  signal: AbortSignal,
): Promise<ManagedNode> {
  const address = `127.0.0.1:${plan.amqpPort}`
  let started = false
  const start = async (startSignal: AbortSignal) => {
    if (started) {
      throw new AppError(
        'PREPARE',
        `expected ${plan.name} to keep its data when killed, but its container is gone`,
        {
          hint: 'set BENCH_RUNTIME=native for runs that restart a broker',
        },
      )
    }
    started = true
    const server = await runContainer(
      engine,
      {
        image: RABBITMQ_IMAGE,
        name: 'rabbitmq',
        ports: { [AMQP_PORT]: plan.amqpPort },
        env: {
          BENCH_CONFIGURATION: containerConfiguration(broker),
          BENCH_DEFINITIONS: definitionsOf(broker.extra),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: vmArguments(broker.profile),
        },
        args: ['sh', '-c', SCRIPT],
        logFile: plan.logFile,
      },
      startSignal,
    )
    try {
      const what = `the container ${server.container} to confirm and return a message on ${address}`
      await waitUntil(
        async () => (await probeRabbitmq(plan.amqpPort)).version !== '',
        { limitMs: START_LIMIT_MS, everyMs: PROBE_EVERY_MS, what, server: server.logs },
        startSignal,
      )
      return server
    } catch (error) {
      await server.kill()
      throw error
    }
  }
  return startNode(
    { name: plan.name, bound: address, advertised: address, logFile: plan.logFile, start },
    signal,
  )
}

/** Through the published port clients come from the engine's network, which RabbitMQ does not take for loopback. */
function containerConfiguration(broker: BrokerPlan): string {
  return ['loopback_users = none', `load_definitions = ${DEFINITIONS_FILE}`, ...commonLines(broker), ''].join(
    '\n',
  )
}
