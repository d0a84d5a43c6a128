import type { LocalBrokerOptions } from '../broker.ts'
import type { Settings } from './pulsar-configuration.ts'
import type { PulsarExtra } from './pulsar-extra.ts'
import {
  BACKLOG_GIB,
  bookieChanges,
  brokerChanges,
  ENSEMBLE,
  memoryText,
  type Profile,
  type Role,
  standaloneChanges,
} from './pulsar-settings.ts'

/** What a reader of the result should know of the broker. */
export function shownSettings(
  profile: Profile,
  topology: LocalBrokerOptions['topology'],
  extra: PulsarExtra,
  version: string,
): Record<string, string> {
  const cluster = topology === 'cluster'
  const { ensemble, writeQuorum, ackQuorum } = ENSEMBLE
  const given = Object.keys(extra.configuration)
  const heaps = (role: Role) => `${role} ${memoryText(profile, role)}`
  return {
    version,
    profile,
    mode: cluster
      ? '2 brokers, 3 bookies, 1 ZooKeeper, a process each'
      : 'standalone: broker, bookie and metadata (RocksDB) in one process',
    heap: cluster ? (['broker', 'bookie', 'zookeeper'] as const).map(heaps).join('; ') : heaps('standalone'),
    gc: profile === 'measured' ? 'G1, full tiering' : 'serial, C1 only (not for measuring)',
    'ensemble/write/ack quorum': cluster ? `${ensemble}/${writeQuorum}/${ackQuorum}` : '1/1/1',
    journalSyncData: extra.journalSyncData
      ? 'true: fsync before a message is acknowledged'
      : 'false: no fsync before a message is acknowledged',
    managedLedgerNewEntriesCheckDelayInMillis: `${brokerChanges(profile).managedLedgerNewEntriesCheckDelayInMillis} (shipped: 10)`,
    retention: `what all subscriptions acknowledged goes by whole ledgers; a topic's backlog is held at ${BACKLOG_GIB} GiB`,
    ...(cluster
      ? {
          'changed in broker.conf': listed(brokerChanges(profile)),
          'changed in bookkeeper.conf': listed(bookieChanges(profile, extra)),
        }
      : { 'changed in standalone.conf': listed(standaloneChanges(profile, extra)) }),
    // Names only: a value may be secret.
    ...(given.length > 0 ? { 'also changed': given.join() } : {}),
  }
}

function listed(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
