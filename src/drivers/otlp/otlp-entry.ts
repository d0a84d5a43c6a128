import type { DriverEntry } from '../registry.ts'
import { otlpConfigSchema, otlpServerUrls } from './otlp-config.ts'

/** OTLP over HTTP or gRPC through any gateway or collector; the consumer is the sink behind it. */
export const otlpEntry: DriverEntry = {
  name: 'otlp',
  ombDriverClasses: [],
  clients: ['http', 'grpc'],
  serverUrls: otlpServerUrls,
  localBroker: 'otlp',
  localNodes: { single: 1, cluster: 3 },
  configSchema: otlpConfigSchema,
  fromOmb: (raw) => ({ config: raw, servers: null, ignored: [] }),
  secretKeys: ['headers'],
  load: async () => (await import('./otlp-driver.ts')).driverModule,
}
