import { z } from 'zod'
import type { DriverEntry } from '../registry.ts'

/** A system that costs nothing, inside the worker's own process: `bench calibrate` measures the engine with it. */
export const nullEntry: DriverEntry = {
  name: 'null',
  ombDriverClasses: [],
  clients: ['null'],
  localBroker: null,
  configSchema: z.strictObject({}),
  fromOmb: () => ({ config: {}, servers: null, ignored: [] }),
  secretKeys: [],
  forTests: true,
  async load() {
    const { nullModule } = await import('./null-module.ts')
    return nullModule
  },
}
