import type { DriverEntry } from '../registry.ts'
import { pulsarConfigSchema } from './pulsar-config.ts'
import { pulsarFromOmb } from './pulsar-omb.ts'
import { pulsarServerUrls } from './pulsar-service-url.ts'

/** Apache Pulsar, with a client of our own for its binary protocol, or the official package where its addon loads. */
export const pulsarEntry: DriverEntry = {
  name: 'pulsar',
  ombDriverClasses: ['PulsarBenchmarkDriver'],
  clients: ['native', 'pulsar-client'],
  localBroker: 'pulsar',
  localNodes: { single: 1, cluster: 6 },
  redirectsClients: true,
  serverUrls: pulsarServerUrls,
  configSchema: pulsarConfigSchema,
  fromOmb: pulsarFromOmb,
  secretKeys: ['token'],
  load: async () => (await import('./pulsar-driver.ts')).driverModule,
}
