import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { LocalBrokerOptions } from '../broker.ts'
import type { Settings } from './pulsar-configuration.ts'
import type { PulsarExtra } from './pulsar-extra.ts'

export type Profile = LocalBrokerOptions['profile']

/** What one process of Pulsar is made of. */
export interface NodePlan {
  readonly name: string
  /** Where it listens for its clients: brokers' clients, bookies' clients, ZooKeeper's clients. */
  readonly port: number
  readonly dataFolder: string
  readonly logFile: string
  readonly configFile: string
}

/** A process that serves Pulsar's clients. */
export interface BrokerPlan extends NodePlan {
  readonly webPort: number
  readonly tlsPort: number | null
  /** `host:port` that clients are told when it is not the broker's own. */
  readonly front: string | null
}

/** A broker with its own bookie and metadata. */
export interface StandalonePlan extends BrokerPlan {
  readonly bookiePort: number
}

/** A broker with its own bookie takes more than a broker alone. */
export type Role = 'standalone' | 'broker' | 'bookie' | 'zookeeper'

export const CLUSTER_NAME = 'bench'
/** Bookies and copies of a ledger in a cluster. */
export const ENSEMBLE = { ensemble: 3, writeQuorum: 3, ackQuorum: 2 } as const
/** Producers of a topic with more unread data are held, so that the disk is not filled. */
export const BACKLOG_GIB = 10
const ROLLOVER_MINUTES = 1
const JOURNAL_MIB = 256
const ENTRY_LOG_BYTES = 268_435_456
const COLLECTION_MS = 60_000
const NEW_ENTRIES_CHECK_MS = 0
/** A killed process keeps its names so long: its topics stay away, and it cannot come back. */
const SESSION_MS = { measured: 30_000, quick: 6000 } as const

/** Settings of `standalone.conf`, which also configures the bookie within. */
export function standaloneSettings(plan: StandalonePlan, profile: Profile, extra: PulsarExtra): Settings {
  return {
    ...listeners(plan),
    ...standaloneChanges(profile, extra),
  }
}

/** What a standalone has otherwise than shipped, but for addresses. */
export function standaloneChanges(profile: Profile, extra: PulsarExtra): Settings {
  return {
    ...brokerCommon(profile),
    ...storage(profile, extra),
    // Only so the bookie takes the port it is given, instead of one of its own choice.
    allowEphemeralPorts: true,
    // A topic's data goes by whole ledgers: without early rollovers an hour's run would keep all it wrote.
    managedLedgerMinLedgerRolloverTimeMinutes: ROLLOVER_MINUTES,
  }
}

/** Settings of `broker.conf` in a cluster. */
export function brokerSettings(plan: BrokerPlan, zookeeperPort: number, profile: Profile): Settings {
  return {
    ...listeners(plan),
    metadataStoreUrl: `zk:127.0.0.1:${zookeeperPort}`,
    configurationMetadataStoreUrl: `zk:127.0.0.1:${zookeeperPort}`,
    ...brokerChanges(profile),
  }
}

/** What a cluster's broker has otherwise than shipped, but for addresses. */
export function brokerChanges(profile: Profile): Settings {
  return {
    ...brokerCommon(profile),
    clusterName: CLUSTER_NAME,
    metadataStoreSessionTimeoutMillis: SESSION_MS[profile],
    webSocketServiceEnabled: true,
    managedLedgerDefaultEnsembleSize: ENSEMBLE.ensemble,
    managedLedgerDefaultWriteQuorum: ENSEMBLE.writeQuorum,
    managedLedgerDefaultAckQuorum: ENSEMBLE.ackQuorum,
    // With three bookies nobody can take a dead one's place: without this, writing stops although a quorum is there.
    bookkeeper_delayEnsembleChange: true,
  }
}

/** Settings of `bookkeeper.conf` in a cluster. */
export function bookieSettings(
  plan: NodePlan,
  zookeeperPort: number,
  profile: Profile,
  extra: PulsarExtra,
): Settings {
  return {
    ...bookieChanges(profile, extra),
    bookiePort: plan.port,
    advertisedAddress: '127.0.0.1',
    journalDirectory: join(plan.dataFolder, 'journal'),
    ledgerDirectories: join(plan.dataFolder, 'ledgers'),
    zkServers: `127.0.0.1:${zookeeperPort}`,
    metadataServiceUri: `metadata-store:zk:127.0.0.1:${zookeeperPort}`,
  }
}

/** What a cluster's bookie has otherwise than shipped, but for addresses and folders. */
export function bookieChanges(profile: Profile, extra: PulsarExtra): Settings {
  return {
    ...storage(profile, extra),
    zkTimeout: SESSION_MS[profile],
    // With three bookies there is nowhere to replicate to, and bookies that first start together race for its layout.
    autoRecoveryDaemonEnabled: false,
    // It would listen on all interfaces.
    prometheusStatsHttpEnable: false,
  }
}

/** The whole configuration of ZooKeeper. */
export function zookeeperSettings(plan: NodePlan): Settings {
  return {
    tickTime: 2000,
    dataDir: plan.dataFolder,
    clientPort: plan.port,
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: 0,
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'srvr,dump',
  }
}

/** ZooKeeper's node that stands for a running bookie or broker. */
export const registrationOf = {
  bookie: ({ port }: NodePlan) => `/ledgers/available/127.0.0.1:${port}`,
  broker: ({ webPort }: BrokerPlan) => `/loadbalance/brokers/127.0.0.1:${webPort}`,
}

function listeners(plan: BrokerPlan): Settings {
  return {
    brokerServicePort: plan.port,
    webServicePort: plan.webPort,
    bindAddress: '127.0.0.1',
    ...advertised(plan),
    ...(plan.tlsPort === null ? {} : { brokerServicePortTls: plan.tlsPort }),
  }
}

/** An address for binary clients alone excludes the one host name for all. */
function advertised({ front, webPort }: BrokerPlan): Settings {
  if (front === null) return { advertisedAddress: '127.0.0.1' }
  return {
    advertisedAddress: '',
    advertisedListeners: `front:pulsar://${front},front:http://127.0.0.1:${webPort}`,
    internalListenerName: 'front',
  }
}

function brokerCommon(profile: Profile): Settings {
  return {
    managedLedgerNewEntriesCheckDelayInMillis: NEW_ENTRIES_CHECK_MS,
    backlogQuotaDefaultLimitGB: BACKLOG_GIB,
    // A driver's topic must not go between its making and its use; its namespaces it may remove whole.
    brokerDeleteInactiveTopicsEnabled: false,
    forceDeleteNamespaceAllowed: true,
    forceDeleteTenantAllowed: true,
    ...(profile === 'quick' ? QUICK_BROKER : {}),
  }
}

/** Small and fast to start; never for measuring. */
const QUICK_BROKER: Settings = {
  managedLedgerCacheSizeMB: 64,
  numIOThreads: 2,
  numHttpServerThreads: 8,
  webSocketNumIoThreads: 2,
}

/** Settings of a bookie: its caches, its listener, and what it keeps on the disk. */
function storage(profile: Profile, extra: PulsarExtra): Settings {
  const cacheMiB = profile === 'quick' ? 32 : 128
  return {
    listeningInterface: loopbackInterface(),
    allowLoopback: true,
    httpServerEnabled: false,
    journalSyncData: extra.journalSyncData,
    journalMaxSizeMB: JOURNAL_MIB,
    journalMaxBackups: 1,
    logSizeLimit: ENTRY_LOG_BYTES,
    gcWaitTime: COLLECTION_MS,
    diskUsageThreshold: 0.99,
    diskUsageWarnThreshold: 0.99,
    dbStorage_writeCacheMaxSizeMb: cacheMiB,
    dbStorage_readAheadCacheMaxSizeMb: cacheMiB,
    dbStorage_rocksDB_blockCacheSize: 16_777_216,
  }
}

function loopbackInterface(): string {
  const named = Object.entries(networkInterfaces())
  return named.find(([, addresses]) => addresses?.some(({ internal }) => internal))?.[0] ?? 'lo'
}

interface Memory {
  readonly heapMiB: number
  readonly directMiB: number
}

const MEMORY: Readonly<Record<Profile, Readonly<Record<Role, Memory>>>> = {
  measured: {
    standalone: { heapMiB: 1024, directMiB: 1024 },
    broker: { heapMiB: 1024, directMiB: 1024 },
    bookie: { heapMiB: 512, directMiB: 768 },
    zookeeper: { heapMiB: 128, directMiB: 64 },
  },
  quick: {
    standalone: { heapMiB: 512, directMiB: 512 },
    broker: { heapMiB: 256, directMiB: 256 },
    bookie: { heapMiB: 192, directMiB: 256 },
    zookeeper: { heapMiB: 96, directMiB: 64 },
  },
}

/** For people: `1024 MiB (direct 1024 MiB)`. */
export function memoryText(profile: Profile, role: Role): string {
  const { heapMiB, directMiB } = MEMORY[profile][role]
  return `${heapMiB} MiB (direct ${directMiB} MiB)`
}

/** Heap, direct memory and collector of a process. */
export function memoryFlags(profile: Profile, role: Role): string[] {
  const { heapMiB, directMiB } = MEMORY[profile][role]
  const sizes = [`-Xms${heapMiB}m`, `-Xmx${heapMiB}m`, `-XX:MaxDirectMemorySize=${directMiB}m`]
  return profile === 'measured'
    ? [...sizes, '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=10']
    : [...sizes, '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
}
