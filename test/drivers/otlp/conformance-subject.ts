import { SystemClock } from '../../../src/clock/system-clock.ts'
import { randomSuffix } from '../../../src/driver/conformance/session.ts'
import type { ConformanceSubject } from '../../../src/driver/conformance/subject.ts'
import { type OtlpConfig, otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { driverModule } from '../../../src/drivers/otlp/otlp-driver.ts'

/** An OTLP driver with these settings as the suite wants it; the servers are asked for late, when they are up. */
export function otlpSubject(
  name: string,
  settings: Readonly<Record<string, unknown>>,
  servers: () => readonly string[],
): ConformanceSubject {
  // Small requests: each of two consumers of a topic gets some.
  const config: OtlpConfig = otlpConfigSchema.parse({ batchMessages: 20, ...settings })
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
