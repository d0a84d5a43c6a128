import type { OmbTranslation } from '../registry.ts'
import { readServiceUrl } from './pulsar-service-url.ts'

/** What a translation collects on its way. */
interface Draft {
  readonly config: Record<string, unknown>
  readonly ignored: string[]
  servers: string[] | null
}

type Fields = Readonly<Record<string, unknown>>
/** Takes a field over, or says why it has no meaning here. */
type Rule = (value: unknown, draft: Draft, block: Fields) => string | undefined

const as =
  (field: string): Rule =>
  (value, draft) => {
    draft.config[field] = value
    return undefined
  }
const without =
  (reason: string): Rule =>
  () =>
    reason

const CLIENT: Readonly<Record<string, Rule>> = {
  serviceUrl(value, draft) {
    const url = readServiceUrl(String(value))
    if (url === null) return `expected pulsar://host:port, got ${String(value)}`
    draft.servers = [...url.servers]
    if (url.tls) draft.config.tls ??= {}
    return undefined
  },
  httpUrl: as('adminUrl'),
  connectionsPerBroker: as('connectionsPerBroker'),
  namespacePrefix(value, draft) {
    draft.config.namespace = value
    return 'taken as the namespace itself; OMB makes one with a random suffix, bench gives its topics unique names'
  },
  topicType: as('topicType'),
  persistence(value, draft) {
    const { deduplicationEnabled, ...copies } = Object(value) as Fields
    if (deduplicationEnabled !== undefined) draft.config.deduplication = deduplicationEnabled
    if (Object.keys(copies).length > 0) draft.config.persistence = copies
    return copies.ensembleSize !== undefined && Number(copies.ensembleSize) > 1
      ? `kept as ${String(copies.ensembleSize)} bookies: with one bookie override it (persistence={ensembleSize: 1, writeQuorum: 1, ackQuorum: 1}) or use --topology cluster`
      : undefined
  },
  clusterName: without('a namespace is made in the cluster that serves it'),
  ioThreads: without('bench has one event loop a worker; use more workers'),
  clientMemoryLimitMB: without('a producer is bounded by maxPendingMessages and maxPendingBytes'),
  maxConcurrentLookupRequests: without('lookups are bounded by the number of producers and consumers'),
  tlsAllowInsecureConnection: (value, draft) => tls(draft, 'rejectUnauthorized', value !== true),
  tlsEnableHostnameVerification: without('host names are verified unless tls.rejectUnauthorized is false'),
  tlsTrustCertsFilePath: (value, draft) => tls(draft, 'caFile', value),
  authentication(value, draft) {
    const { plugin, data } = Object(value) as Fields
    if (!plugin) return undefined
    if (!/AuthenticationToken$/.test(String(plugin)))
      return `plugin ${String(plugin)} is not known here, tokens are`
    const text = String(data ?? '')
    if (text.startsWith('env:')) draft.config.tokenEnv = text.slice(4)
    else draft.config.token = text.replace(/^token:/, '')
    return undefined
  },
}

const PRODUCER: Readonly<Record<string, Rule>> = {
  batchingEnabled(value, draft) {
    draft.config.batching = value === false ? 'none' : 'default'
    return undefined
  },
  batchingMaxPublishDelayMs: as('batchDelayMs'),
  batchingMaxBytes: as('batchBytes'),
  pendingQueueSize(value, draft) {
    if (value === 0) return 'no limit of messages; bench always has one (maxPendingMessages)'
    draft.config.maxPendingMessages = value
    return undefined
  },
  blockIfQueueFull: without(
    'bench never blocks: what does not fit waits in the schedule and is counted as late',
  ),
}

const CONSUMER: Readonly<Record<string, Rule>> = {
  receiverQueueSize: as('receiverQueueSize'),
  subscriptionType(value, draft) {
    draft.config.subscriptionType = String(value).toLowerCase()
    return undefined
  },
}

function tls(draft: Draft, field: string, value: unknown): undefined {
  if (value === undefined || value === null || value === '') return
  const before = draft.config.tls as Fields | undefined
  // OMB names the setting in plain files too: it turns nothing on.
  if (before !== undefined) draft.config.tls = { ...before, [field]: value }
}

/** OMB's Pulsar driver file in our terms. Its defaults that differ from ours are filled in as OMB has them. */
export function pulsarFromOmb(raw: Readonly<Record<string, unknown>>): OmbTranslation {
  const draft: Draft = { config: {}, ignored: [], servers: null }
  apply('client', CLIENT, raw, draft)
  apply('producer', PRODUCER, raw, draft)
  apply('consumer', CONSUMER, raw, draft)
  const { config } = draft
  if (config.topicType === 'non-persistent' && (config.persistence ?? config.deduplication) !== undefined) {
    delete config.persistence
    delete config.deduplication
    draft.ignored.push('client.persistence: nothing of non-persistent topics is stored')
  }
  config.subscriptionType ??= 'failover'
  config.receiverQueueSize ??= 10_000
  config.batchBytes ??= 1_048_576
  config.connectionsPerBroker ??= 8
  if (config.subscriptionType === 'key_shared' && config.batching !== 'none') {
    config.batching = 'key'
    draft.ignored.push(
      'producer.batchingEnabled: taken as batches of one key, as key_shared subscriptions need them',
    )
  }
  for (const key of Object.keys(raw)) {
    if (!['client', 'producer', 'consumer'].includes(key)) config[key] = raw[key]
  }
  return { config, servers: draft.servers, ignored: draft.ignored }
}

function apply(name: string, rules: Readonly<Record<string, Rule>>, raw: Fields, draft: Draft): void {
  const block = Object(raw[name] ?? {}) as Fields
  // What turns TLS on comes first.
  const fields = Object.entries(block).sort(
    ([a], [b]) => Number(b === 'serviceUrl') - Number(a === 'serviceUrl'),
  )
  for (const [field, value] of fields) {
    const rule = rules[field]
    const reason = rule === undefined ? "not a field of OMB's Pulsar driver" : rule(value, draft, block)
    if (reason !== undefined) draft.ignored.push(`${name}.${field}: ${reason}`)
  }
}
