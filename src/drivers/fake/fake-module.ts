import { SystemClock } from '../../clock/system-clock.ts'
import type { DriverModule } from '../../driver/driver.ts'
import { createFakeDriver } from '../../driver/fake/fake-driver.ts'
import { type FakeOptions, fakeCapabilities, fakeOptionsSchema } from '../../driver/fake/options.ts'
import { remoteLink } from '../../driver/fake/remote/remote-link.ts'

/** Without servers each driver has a system of its own in its process; with one, all processes share it. */
export function createFakeModule(): DriverModule {
  return {
    name: 'fake',
    capabilities: (config) => fakeCapabilities(fakeOptionsSchema.parse(config).shape),
    create({ config, servers }) {
      const clock = new SystemClock()
      const [server] = servers
      const link = server === undefined ? {} : { link: remoteLink(server) }
      return createFakeDriver({ clock, options: config as FakeOptions, ...link })
    },
  }
}
