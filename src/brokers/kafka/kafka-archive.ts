import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors/app-error.ts'
import { freePorts, waitUntil } from '../process/index.ts'
import { cacheEntry, type Log } from '../provision/index.ts'
import { archiveName, type KafkaInstallation } from './kafka-libraries.ts'
import {
  answers,
  formatStorage,
  javaVersionText,
  randomClusterId,
  spawnKafka,
  writeConfiguration,
} from './kafka-process.ts'
import { jvmFlags, type NodePlan, serverProperties } from './kafka-settings.ts'

const FILE = 'kafka.jsa'
const START_LIMIT_MS = 60_000
/** The archive is written when the process ends. */
const WRITE_LIMIT_MS = 90_000

/**
 * The class-data archive of this Kafka and this Java, made once by a throw-away broker: it halves the CPU time of a
 * start. A failure costs only time, so it is a line in the log and null.
 */
export async function classArchive(
  installation: KafkaInstallation,
  log: Log,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const name = archiveName(await javaVersionText(installation, signal), installation.libraries)
    const folder = await cacheEntry(
      name,
      (temporary) => {
        log('kafka: making a class-data archive for fast starts (once, about 15 s)')
        return makeArchive(installation, temporary, signal)
      },
      signal,
    )
    return join(folder, FILE)
  } catch (error) {
    signal.throwIfAborted()
    log(`kafka: no class-data archive, starts are slower: ${messageOf(error).split('\n')[0]}`)
    return null
  }
}

async function makeArchive(
  installation: KafkaInstallation,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const [port = 0, controllerPort = 0] = await freePorts(2)
  const work = join(folder, 'work')
  const node: NodePlan = {
    id: 1,
    name: 'kafka-archive',
    port,
    controllerPort,
    saslPort: null,
    tlsPort: null,
    dataFolder: join(work, 'data'),
    logFile: join(work, 'kafka.log'),
    configFile: join(work, 'server.properties'),
  }
  await writeConfiguration(node, serverProperties(node, [node], 'quick', null))
  await formatStorage(installation, node, randomClusterId(), [], signal)
  const flags = [...jvmFlags('quick', 1), `-XX:ArchiveClassesAtExit=${join(folder, FILE)}`]
  const server = await spawnKafka(installation, node, flags, signal)
  try {
    const what = 'kafka to start for its class-data archive'
    const probe = (limit: AbortSignal) => answers(port, 1, limit)
    await waitUntil(probe, { limitMs: START_LIMIT_MS, everyMs: 200, what, server }, signal)
  } finally {
    await server.stop(WRITE_LIMIT_MS)
    await rm(work, { recursive: true, force: true })
  }
  if (!(await Bun.file(join(folder, FILE)).exists())) throw new Error('java wrote none')
}
