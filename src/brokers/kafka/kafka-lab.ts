import { z } from 'zod'
import {
  asTexts,
  dataVolume,
  instanceType,
  labSystem,
  memorySize,
  quorumCount,
  rootVolumeSize,
  serverSettings,
  storage,
  versionAndImage,
} from '../lab-system.ts'

/** Apache Kafka on instances of its own: each node is broker and controller (KRaft). */
export const kafkaLab = labSystem({
  name: 'kafka',
  version: '4.3.1',
  image: { hasPublishedSums: true },
  variable: 'kafka',
  compute: {
    kafka: z
      .strictObject({
        count: quorumCount().default(3),
        instance_type: instanceType().default('t3.small'),
        root_volume_size: rootVolumeSize(10),
        storage: storage(),
      })
      .prefault({})
      .describe('Nodes of the Kafka cluster.'),
  },
  cluster: {
    heap_size: memorySize('1G').describe('Java heap of each node.'),
    settings: serverSettings(),
  },
  value: (settings) => {
    const { storage: volume, ...nodes } = settings.compute.kafka
    return {
      ...versionAndImage(settings),
      ...nodes,
      data_volume: dataVolume(volume),
      heap_size: settings.cluster.heap_size,
      settings: asTexts(settings.cluster.settings),
    }
  },
})
