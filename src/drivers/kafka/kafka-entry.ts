import type { DriverEntry } from '../registry.ts'
import { kafkaConfigSchema } from './kafka-config.ts'
import { kafkaFromOmb } from './kafka-omb.ts'

/** Apache Kafka, through `@platformatic/kafka` or kafkajs; neither is loaded before `load`. */
export const kafkaEntry: DriverEntry = {
  name: 'kafka',
  ombDriverClasses: ['KafkaBenchmarkDriver'],
  clients: ['platformatic', 'kafkajs'],
  localBroker: 'kafka',
  localNodes: { single: 1, cluster: 3, tellsLeader: true },
  redirectsClients: true,
  configSchema: kafkaConfigSchema,
  fromOmb: kafkaFromOmb,
  secretKeys: ['sasl.password'],
  load: async () => (await import('./kafka-driver.ts')).driverModule,
}
