import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts, waitUntil } from '../process/index.ts'
import { classArchive, type Log } from '../provision/index.ts'
import { KAFKA_VERSION, type KafkaInstallation } from './kafka-libraries.ts'
import { answers, formatStorage, randomClusterId, spawnKafka, writeConfiguration } from './kafka-process.ts'
import { jvmFlags, type NodePlan, serverProperties } from './kafka-settings.ts'

const START_LIMIT_MS = 60_000
/** The archive is written when the process ends. */
const WRITE_LIMIT_MS = 90_000

/** The installation with the class-data archive that its processes share, where one can be had. */
export async function withClassArchive(
  installation: KafkaInstallation,
  log: Log,
  signal: AbortSignal,
): Promise<KafkaInstallation> {
  const { java, libraries } = installation
  const recipe = {
    name: `kafka-${KAFKA_VERSION}`,
    java,
    libraries,
    run: (folder: string, flags: readonly string[], limit: AbortSignal) =>
      runOnce(installation, folder, flags, limit),
  }
  return { ...installation, archive: await classArchive(recipe, log, signal) }
}

/** A node that answers once, so that it has loaded what a start needs, and then ends. */
async function runOnce(
  installation: KafkaInstallation,
  folder: string,
  archiving: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const [port = 0, controllerPort = 0] = await freePorts(2)
  const work = join(folder, 'work')
  const node: NodePlan = {
    id: 1,
    name: 'kafka-archive',
    port,
    controllerPort,
    front: null,
    internalPort: 0,
    saslPort: null,
    tlsPort: null,
    dataFolder: join(work, 'data'),
    logFile: join(work, 'kafka.log'),
    configFile: join(work, 'server.properties'),
  }
  await writeConfiguration(node, serverProperties(node, [node], 'quick', null))
  await formatStorage(installation, node, randomClusterId(), [], signal)
  const flags = [...jvmFlags('quick', 1), ...archiving]
  const server = await spawnKafka(installation, node, flags, signal)
  try {
    const what = 'kafka to start for its class-data archive'
    const probe = (limit: AbortSignal) => answers(port, 1, limit)
    await waitUntil(probe, { limitMs: START_LIMIT_MS, everyMs: 200, what, server }, signal)
  } finally {
    await server.stop(WRITE_LIMIT_MS)
    await rm(work, { recursive: true, force: true })
  }
}
