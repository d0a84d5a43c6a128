// Goal: the fake keeps the driver contract in each of its shapes, so that whatever is tested on it is tested on a
// conforming driver. Method: the conformance suite, in one process and through the fake's server.
import { afterAll, describe, test } from 'bun:test'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { conformanceSuite } from '../../src/driver/conformance/suite.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import { FAKE_SHAPES, fakeCapabilities } from '../../src/driver/fake/options.ts'
import { remoteLink } from '../../src/driver/fake/remote/remote-link.ts'
import { startFakeServer } from '../../src/driver/fake/remote/server.ts'
import { createFakeSystem } from '../../src/driver/fake/system.ts'

const clock = new SystemClock()
const hints = { maxInFlight: 2000, quietMs: 20, receivers: 1000 }

for (const shape of FAKE_SHAPES) {
  const system = createFakeSystem(clock)
  let topics = 0
  conformanceSuite(
    {
      name: `fake ${shape}, in process`,
      create: () => createFakeDriver({ clock, system, options: { shape, capacity: 1000 } }),
      capabilities: fakeCapabilities(shape),
      makeTopicName: () => `${shape}-${topics++}`,
      clock,
      timeoutMs: 5000,
      hints,
    },
    { describe, test },
  )
}

const server = startFakeServer(clock)
afterAll(() => server.stop())

for (const shape of ['log', 'queue'] as const) {
  let topics = 0
  conformanceSuite(
    {
      name: `fake ${shape}, through its server`,
      create: () => {
        const link = remoteLink(`127.0.0.1:${server.port}`)
        return createFakeDriver({ clock, link, options: { shape, capacity: 1000 } })
      },
      capabilities: fakeCapabilities(shape),
      makeTopicName: () => `${shape}-${topics++}`,
      clock,
      timeoutMs: 5000,
      hints,
    },
    { describe, test },
  )
}
