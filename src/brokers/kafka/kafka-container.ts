import type { LocalBroker, LocalBrokerOptions } from '../broker.ts'
import { type ContainerEngine, startContainerBroker } from '../container/index.ts'
import { KAFKA_IMAGE, KAFKA_VERSION } from './kafka-libraries.ts'
import { answers, randomClusterId } from './kafka-process.ts'
import { jvmFlagParts, type NodePlan, nodeProperties, shownSettings } from './kafka-settings.ts'

/** A volume of the image: on the disk, not in the container's layered file system, and removed with the container. */
const DATA_FOLDER = '/var/lib/kafka/data'

/** Starts one plain node from upstream's image, published on loopback; resolves once a message was produced and read. */
export function kafkaInContainer(
  engine: ContainerEngine,
  plan: NodePlan,
  options: LocalBrokerOptions,
  signal: AbortSignal,
): Promise<LocalBroker> {
  return startContainerBroker(
    engine,
    {
      name: 'kafka',
      nodeName: plan.name,
      topology: options.topology,
      port: plan.port,
      container: {
        image: KAFKA_IMAGE,
        // The same port on both sides: clients come back to the advertised address, and so does the broker itself.
        ports: { [plan.port]: plan.port },
        env: containerEnvironment(plan, options.profile),
        logFile: plan.logFile,
      },
      probe: (probeSignal) => answers(plan.port, 1, probeSignal),
      // No request of Kafka's protocol tells the release: the image's tag does.
      describe: async () => ({
        version: KAFKA_VERSION,
        settings: shownSettings(options.profile, 1, KAFKA_VERSION),
      }),
    },
    signal,
  )
}

/** Settings as the image takes them: those of a native node, but for the interface and the folder. */
export function containerEnvironment(
  plan: NodePlan,
  profile: LocalBrokerOptions['profile'],
): Record<string, string> {
  const properties = {
    ...nodeProperties(plan, [plan], profile, null),
    // Published ports arrive on the container's own interface.
    listeners: `PLAINTEXT://0.0.0.0:${plan.port},CONTROLLER://127.0.0.1:${plan.controllerPort}`,
    'log.dirs': DATA_FOLDER,
  }
  const { heap, performance } = jvmFlagParts(profile, 1)
  return {
    CLUSTER_ID: randomClusterId(),
    KAFKA_HEAP_OPTS: heap.join(' '),
    KAFKA_JVM_PERFORMANCE_OPTS: performance.join(' '),
    KAFKA_LOG4J_ROOT_LOGLEVEL: 'WARN',
    ...Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [environmentName(name), String(value)]),
    ),
  }
}

/** The image turns KAFKA_A_B into a.b, two underscores into one, and three into a hyphen. */
function environmentName(property: string): string {
  const escaped = property.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_')
  return `KAFKA_${escaped.toUpperCase()}`
}
