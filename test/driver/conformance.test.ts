// Goal: the fake keeps the driver contract in each of its shapes, so that whatever is tested on it is tested on a
// conforming driver. Method: the conformance suite, in one process.
import { describe, test } from 'bun:test'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { conformanceSuite } from '../../src/driver/conformance/suite.ts'
import { createFakeDriver } from '../../src/driver/fake/fake-driver.ts'
import { FAKE_SHAPES, fakeCapabilities } from '../../src/driver/fake/options.ts'
import { createFakeSystem } from '../../src/driver/fake/system.ts'

const clock = new SystemClock()

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
      hints: { maxInFlight: 2000, quietMs: 20 },
    },
    { describe, test },
  )
}
