import type { LocalBroker, Topology } from '../broker.ts'
import { type ContainerEngine, startContainerBroker } from '../container/index.ts'
import { definitionsOf } from './rabbitmq-extra.ts'
import { type BrokerPlan, commonLines, type NodePlan, vmArguments } from './rabbitmq-files.ts'
import { probeRabbitmq } from './rabbitmq-probe.ts'
import { settingsOf } from './rabbitmq-settings.ts'

/** The official image. Its version is printed in the result, as the server tells it. */
export const RABBITMQ_IMAGE = 'rabbitmq:4.1'

const AMQP_PORT = 5672
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
export function rabbitmqInContainer(
  engine: ContainerEngine,
  broker: BrokerPlan,
  topology: Topology,
  signal: AbortSignal,
): Promise<LocalBroker> {
  const plan = broker.nodes[0] as NodePlan
  return startContainerBroker(
    engine,
    {
      name: 'rabbitmq',
      nodeName: plan.name,
      topology,
      port: plan.amqpPort,
      container: {
        image: RABBITMQ_IMAGE,
        ports: { [AMQP_PORT]: plan.amqpPort },
        env: {
          BENCH_CONFIGURATION: containerConfiguration(broker),
          BENCH_DEFINITIONS: definitionsOf(broker.extra),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: vmArguments(broker.profile),
          // The script then becomes the Erlang VM instead of its parent: the container's process is the server's.
          RUNNING_UNDER_SYSTEMD: 'true',
        },
        args: ['sh', '-c', SCRIPT],
        logFile: plan.logFile,
      },
      probe: async () => (await probeRabbitmq(plan.amqpPort)).version !== '',
      describe: async () => ({
        version: (await probeRabbitmq(plan.amqpPort)).version,
        settings: await settingsOf(broker),
      }),
    },
    signal,
  )
}

/** Through the published port clients come from the engine's network, which RabbitMQ does not take for loopback. */
function containerConfiguration(broker: BrokerPlan): string {
  return ['loopback_users = none', `load_definitions = ${DEFINITIONS_FILE}`, ...commonLines(broker), ''].join(
    '\n',
  )
}
