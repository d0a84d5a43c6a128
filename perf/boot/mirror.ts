import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { KAFKA_VERSION, kafkaLibraries } from '../../src/brokers/kafka/kafka-libraries.ts'
import { type Log, mustRun } from '../../src/brokers/provision/index.ts'
import { installPulsar, PULSAR_VERSION } from '../../src/brokers/pulsar/pulsar-install.ts'

const PACK_LIMIT_MS = 300_000

/** What images hold, by name; of RabbitMQ what Debian has, of load generators their image's own version. */
export const SOFTWARE_VERSIONS: Readonly<Record<string, string>> = {
  kafka: KAFKA_VERSION,
  pulsar: PULSAR_VERSION,
  rabbitmq: '3.10.8',
  client: '1',
}

/** Environment that the install script of one software gets, with the download base and sum of the mirror. */
export type InstallEnvironment = Readonly<Record<string, string>>

/** A server of what upstream's sites hold, packed from what bench brings for local brokers. */
export interface Mirror {
  environmentOf(software: string): Promise<InstallEnvironment>
  stop(): Promise<void>
}

/** Serves `folder` on loopback; archives are packed when they are first asked for. */
export function startMirror(folder: string, log: Log, signal: AbortSignal): Mirror {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => new Response(Bun.file(join(folder, new URL(request.url).pathname))),
  })
  const base = `http://127.0.0.1:${server.port}`
  const makers: Readonly<Record<string, () => Promise<InstallEnvironment>>> = {
    kafka: async () => {
      const path = `${KAFKA_VERSION}/kafka_2.13-${KAFKA_VERSION}.tgz`
      // As upstream's archive has it: one folder, with the jars below libs.
      const transform = 's,^\\.,kafka/libs,'
      await pack(await kafkaLibraries(log, signal), join(folder, path), transform, signal)
      return {
        KAFKA_VERSION,
        KAFKA_CHECKSUM: `sha512:${await sumOf(join(folder, path))}`,
        KAFKA_DOWNLOAD_BASE: base,
      }
    },
    pulsar: async () => {
      const path = `pulsar-${PULSAR_VERSION}/apache-pulsar-${PULSAR_VERSION}-bin.tar.gz`
      const { home } = await installPulsar(log, signal)
      await pack(home, join(folder, path), 's,^\\.,pulsar,', signal)
      return {
        PULSAR_VERSION,
        PULSAR_CHECKSUM: `sha512:${await sumOf(join(folder, path))}`,
        PULSAR_DOWNLOAD_BASE: base,
      }
    },
    // Debian's own package, by apt.
    rabbitmq: async () => ({ RABBITMQ_DEBIAN_VERSION: SOFTWARE_VERSIONS.rabbitmq! }),
  }
  return {
    environmentOf: async (software) => (await makers[software]?.()) ?? {},
    stop: () => server.stop(true),
  }
}

async function pack(from: string, file: string, transform: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const args = ['-C', from, '-I', 'gzip -1', `--transform=${transform}`, '-cf', file, '.']
  const what = `packing ${basename(file)}`
  const hint = 'is there enough space for temporary files (500 MB)?'
  await mustRun({ command: 'tar', args, limitMs: PACK_LIMIT_MS, what, hint }, signal)
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha512')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
