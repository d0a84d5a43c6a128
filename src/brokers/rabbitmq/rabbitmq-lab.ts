import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import {
  asTexts,
  dataVolume,
  instanceType,
  labSystem,
  quorumCount,
  rootVolumeSize,
  serverSettings,
  storage,
  versionAndImage,
} from '../lab-system.ts'

const SECRET_BYTES = 24

/** RabbitMQ on instances of its own. User and cookie are made for each experiment and stand in no file. */
export const rabbitmqLab = labSystem({
  name: 'rabbitmq',
  version: '4.3.1',
  image: { hasPublishedSums: false },
  variable: 'rabbitmq',
  compute: {
    rabbitmq: z
      .strictObject({
        count: quorumCount().default(3),
        instance_type: instanceType().default('t3.small'),
        root_volume_size: rootVolumeSize(10),
        storage: storage(),
      })
      .prefault({})
      .describe('Nodes of the RabbitMQ cluster.'),
  },
  cluster: {
    memory_watermark: z
      .number()
      .gt(0)
      .max(0.95)
      .default(0.6)
      .describe('Share of the memory from which on publishers are held back.'),
    settings: serverSettings(),
  },
  value: (settings) => {
    const { storage: volume, ...nodes } = settings.compute.rabbitmq
    return {
      ...versionAndImage(settings),
      ...nodes,
      data_volume: dataVolume(volume),
      memory_watermark: settings.cluster.memory_watermark,
      settings: asTexts(settings.cluster.settings),
    }
  },
  secrets: () => ({
    rabbitmq_secrets: {
      password: randomBytes(SECRET_BYTES).toString('hex'),
      erlang_cookie: randomBytes(SECRET_BYTES).toString('hex'),
    },
  }),
})
