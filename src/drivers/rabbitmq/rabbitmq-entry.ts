import type { DriverEntry } from '../registry.ts'
import { rabbitmqConfigSchema } from './rabbitmq-config.ts'
import { translateOmb } from './rabbitmq-omb.ts'

/** RabbitMQ over AMQP 0-9-1: classic, quorum and stream queues, with amqplib. */
export const rabbitmqEntry: DriverEntry = {
  name: 'rabbitmq',
  ombDriverClasses: ['RabbitMqBenchmarkDriver'],
  clients: ['amqplib'],
  localBroker: 'rabbitmq',
  localNodes: { single: 1, cluster: 3, tellsLeader: true },
  configSchema: rabbitmqConfigSchema,
  fromOmb: translateOmb,
  secretKeys: ['password'],
  load: async () => (await import('./rabbitmq-driver.ts')).driverModule,
}
