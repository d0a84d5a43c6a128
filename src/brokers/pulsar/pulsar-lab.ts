import { z } from 'zod'
import {
  asTexts,
  dataVolume,
  instanceCount,
  instanceType,
  type LabProblem,
  labSystem,
  memorySize,
  quorumCount,
  rootVolumeSize,
  serverSettings,
  storage,
  versionAndImage,
} from '../lab-system.ts'

const heap = (standard: string) => memorySize(standard).describe('Java heap of each process.')
const direct = () => memorySize('512M').describe('Direct memory of each process.')
const copies = () => z.int().min(1).max(40).optional()

const compute = {
  zookeeper: z
    .strictObject({
      count: quorumCount().default(3),
      instance_type: instanceType().default('t3.micro'),
      root_volume_size: rootVolumeSize(10),
    })
    .prefault({})
    .describe('Nodes that coordinate the cluster.'),
  bookkeeper: z
    .strictObject({
      count: instanceCount(40).default(3),
      instance_type: instanceType().default('t3.small'),
      root_volume_size: rootVolumeSize(10),
      storage: storage(),
    })
    .prefault({})
    .describe('Nodes that store messages.'),
  broker: z
    .strictObject({
      count: instanceCount(30).default(2),
      instance_type: instanceType().default('t3.small'),
      root_volume_size: rootVolumeSize(10),
    })
    .prefault({})
    .describe('Nodes that clients speak to.'),
}

const cluster = {
  zookeeper: z
    .strictObject({ heap_size: heap('512M'), settings: serverSettings() })
    .prefault({})
    .describe('ZooKeeper.'),
  bookkeeper: z
    .strictObject({ heap_size: heap('768M'), direct_memory_size: direct(), settings: serverSettings() })
    .prefault({})
    .describe('BookKeeper.'),
  broker: z
    .strictObject({
      heap_size: heap('1G'),
      direct_memory_size: direct(),
      managed_ledger_cache_size_mb: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(256)
        .describe('Cache of messages just written, in MiB of direct memory.'),
      ensemble_size: copies().describe(
        'Bookies that share a ledger; default: 3, or all where there are fewer.',
      ),
      write_quorum: copies().describe(
        'Copies of each message; default: 3, or ensemble_size where it is less.',
      ),
      ack_quorum: copies().describe(
        'Copies written before a message is acknowledged; default: 2, or write_quorum where it is less.',
      ),
      settings: serverSettings(),
    })
    .prefault({})
    .describe('Broker.'),
}

/** Apache Pulsar on instances of its own: ZooKeeper, bookies and brokers. */
export const pulsarLab = labSystem({
  name: 'pulsar',
  version: '4.0.8',
  image: { hasPublishedSums: true },
  variable: 'pulsar',
  compute,
  cluster,
  value: (settings) => {
    const { zookeeper, bookkeeper, broker } = settings.compute
    const own = settings.cluster
    const { storage: volume, ...bookies } = bookkeeper
    return {
      ...versionAndImage(settings),
      zookeeper: { ...zookeeper, ...own.zookeeper, settings: asTexts(own.zookeeper.settings) },
      bookkeeper: {
        ...bookies,
        ...own.bookkeeper,
        data_volume: dataVolume(volume),
        settings: asTexts(own.bookkeeper.settings),
      },
      broker: { ...broker, ...own.broker, settings: asTexts(own.broker.settings) },
    }
  },
  problems: ({ compute: { bookkeeper }, cluster: { broker } }) => {
    // Defaults as in terraform/modules/pulsar.
    const ensemble = broker.ensemble_size ?? Math.min(3, bookkeeper.count)
    const write = broker.write_quorum ?? Math.min(3, ensemble)
    return [
      ...tooMany('ensemble_size', broker.ensemble_size, 'compute.bookkeeper.count', bookkeeper.count),
      ...tooMany('write_quorum', broker.write_quorum, 'ensemble_size', ensemble),
      ...tooMany('ack_quorum', broker.ack_quorum, 'write_quorum', write),
    ]
  },
})

function tooMany(field: string, got: number | undefined, above: string, most: number): LabProblem[] {
  if (got === undefined || got <= most) return []
  const what = `expected ${field} of at most ${above} (${most}), got ${got}`
  return [{ file: 'cluster', path: ['broker', field], what, hint: `lower it, or raise ${above}` }]
}
