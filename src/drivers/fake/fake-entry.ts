import { fakeOptionsSchema } from '../../driver/fake/options.ts'
import type { DriverEntry } from '../registry.ts'

/** The in-memory fake as a driver of its own: for tests and proofs, not a contestant. */
export const fakeEntry: DriverEntry = {
  name: 'fake',
  ombDriverClasses: [],
  clients: ['fake'],
  localBroker: 'fake',
  localNodes: { single: 1, cluster: 1 },
  configSchema: fakeOptionsSchema,
  fromOmb: () => ({ config: {}, servers: null, ignored: [] }),
  secretKeys: [],
  forTests: true,
  async load() {
    const { createFakeModule } = await import('./fake-module.ts')
    return createFakeModule()
  },
}
