import { z } from 'zod'
import type { DriverEntry } from '../registry.ts'

/** A server of our own that sends back at once what it gets: `bench calibrate` measures the noise floor with it. */
export const echoEntry: DriverEntry = {
  name: 'echo',
  ombDriverClasses: [],
  clients: ['echo'],
  localBroker: null,
  configSchema: z.strictObject({}),
  fromOmb: () => ({ config: {}, servers: null, ignored: [] }),
  secretKeys: [],
  forTests: true,
  async load() {
    const { echoModule } = await import('./echo-module.ts')
    return echoModule
  },
}
