import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../../src/brokers/broker.ts'
import { kafkaProvider } from '../../../src/brokers/kafka/kafka-provider.ts'
import type { KafkaExtra } from '../../../src/brokers/kafka/kafka-security.ts'
import type { Driver } from '../../../src/driver/driver.ts'
import { kafkaConfigSchema } from '../../../src/drivers/kafka/kafka-config.ts'
import { driverModule } from '../../../src/drivers/kafka/kafka-driver.ts'

/** Time to bring Kafka on an empty cache and start it, for `beforeAll`. */
export const UP_LIMIT_MS = 300_000
export const CLIENTS = ['platformatic', 'kafkajs'] as const

export interface LocalKafka {
  readonly broker: LocalBroker
  /** A driver with these settings; `servers` default to the plain listeners. */
  driver(settings?: Readonly<Record<string, unknown>>, servers?: readonly string[]): Driver
  down(): Promise<void>
}

/** A real Kafka of the small kind in a folder of its own. */
export async function localKafka(
  topology: 'single' | 'cluster',
  extra: KafkaExtra = {},
): Promise<LocalKafka> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-kafka-test-'))
  const options = { topology, profile: 'quick' as const, directory, extra: { ...extra }, log: () => {} }
  const signal = AbortSignal.timeout(UP_LIMIT_MS - 10_000)
  try {
    const broker = await kafkaProvider.up(options, signal)
    return {
      broker,
      driver: (settings = {}, servers = broker.servers) => kafkaDriver(settings, servers),
      async down() {
        await broker.down()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

/** A driver against any servers. */
export function kafkaDriver(settings: Readonly<Record<string, unknown>>, servers: readonly string[]): Driver {
  const config = kafkaConfigSchema.parse(settings)
  return driverModule.create({ config, servers, namePrefix: 'test-', log: () => {} })
}
