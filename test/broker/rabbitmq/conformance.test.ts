// Goal: the driver keeps its contract on real brokers: classic, quorum and stream queues on one node, quorum on three.
// Method: the conformance suite, under the guard, against one broker at a time.
import { describe, test } from 'bun:test'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { rabbitmqConfigSchema } from '../../../src/drivers/rabbitmq/rabbitmq-config.ts'
import { driverModule } from '../../../src/drivers/rabbitmq/rabbitmq-driver.ts'
import { testBroker } from './support/broker.ts'
import { createDriver, freshName } from './support/client.ts'

const CHECK_LIMIT_MS = 30_000

function conforms(
  name: string,
  config: object,
  broker: { readonly current: { servers: readonly string[] } },
) {
  conformanceSuite(
    {
      name: `rabbitmq ${name}`,
      create: () => createDriver(broker.current.servers, config),
      capabilities: driverModule.capabilities(rabbitmqConfigSchema.parse(config)),
      makeTopicName: () => freshName('conformance'),
      clock: new SystemClock(),
      timeoutMs: CHECK_LIMIT_MS,
      hints: { messages: 200, maxInFlight: 10_000 },
    },
    { describe, test },
  )
}

describe('one node', () => {
  const broker = testBroker()
  conforms('classic', { queueType: 'classic' }, broker)
  conforms('quorum', { queueType: 'quorum' }, broker)
  conforms('quorum without competition', { queueType: 'quorum', competingConsumers: false }, broker)
  conforms('stream', { queueType: 'stream' }, broker)
})

describe('three nodes', () => {
  const broker = testBroker({ topology: 'cluster' })
  conforms('quorum on three nodes', { queueType: 'quorum' }, broker)
})
