import { SystemClock } from '../../../src/clock/system-clock.ts'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { ConformanceSubject } from '../../../src/driver/conformance/subject.ts'
import { type PulsarConfig, pulsarConfigSchema } from '../../../src/drivers/pulsar/pulsar-config.ts'
import { driverModule } from '../../../src/drivers/pulsar/pulsar-driver.ts'
import type { LocalPulsar } from './local-pulsar.ts'

/** What a driver is told of a local broker: its brokers, and its admin interfaces. */
export function serversOf({ broker }: LocalPulsar): readonly string[] {
  return [...broker.servers, ...(broker.adminUrls ?? [])]
}

/** A Pulsar driver with these settings as the suite wants it; the servers are asked for late, when the broker is up. */
export function pulsarSubject(
  name: string,
  settings: Readonly<Record<string, unknown>>,
  servers: () => readonly string[],
): ConformanceSubject {
  const config: PulsarConfig = pulsarConfigSchema.parse(settings)
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
