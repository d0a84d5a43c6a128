import { z } from 'zod'
import {
  asTexts,
  instanceCount,
  instanceType,
  labSystem,
  rootVolumeSize,
  serverSettings,
} from '../lab-system.ts'

/** Bench's own OTLP gateway on instances of its own; it comes with bench, so it has no version. */
export const otlpLab = labSystem({
  name: 'otlp',
  version: null,
  variable: 'gateway',
  compute: {
    gateway: z
      .strictObject({
        count: instanceCount(20).default(1),
        instance_type: instanceType().default('t3.small'),
        root_volume_size: rootVolumeSize(10),
      })
      .prefault({})
      .describe('OTLP gateways.'),
  },
  // Headers of the upstream are where its tokens stand.
  cluster: { settings: serverSettings(/headers$/i) },
  value: ({ imageId, compute, cluster }) => ({
    ...compute.gateway,
    ...(imageId !== null && { image_id: imageId }),
    settings: asTexts(cluster.settings),
  }),
})
