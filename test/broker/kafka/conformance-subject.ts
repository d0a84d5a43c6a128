import { SystemClock } from '../../../src/clock/system-clock.ts'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { ConformanceSubject } from '../../../src/driver/conformance/subject.ts'
import { type KafkaConfig, kafkaConfigSchema } from '../../../src/drivers/kafka/kafka-config.ts'
import { driverModule } from '../../../src/drivers/kafka/kafka-driver.ts'

/** A Kafka driver with these settings as the suite wants it; the servers are asked for late, when the broker is up. */
export function kafkaSubject(
  name: string,
  settings: Readonly<Record<string, unknown>>,
  servers: () => readonly string[],
): ConformanceSubject {
  const config: KafkaConfig = kafkaConfigSchema.parse(settings)
  return {
    name,
    create: () =>
      driverModule.create({ config, servers: servers(), namePrefix: 'conformance-', log: () => {} }),
    capabilities: driverModule.capabilities(config),
    makeTopicName: () => `conformance-${randomSuffix()}`,
    clock: new SystemClock(),
    timeoutMs: 30_000,
    hints: { maxInFlight: config.maxPendingMessages },
  }
}
