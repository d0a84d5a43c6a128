import type { TopicFigures, TopicSpec, TopicTerms } from '../../driver/driver.ts'
import { AppError, messageOf } from '../../errors/app-error.ts'
import type { PulsarConfig } from './pulsar-config.ts'
import { tlsOf } from './pulsar-settings.ts'
import { type Get, pulsarTopicTerms } from './pulsar-topic-terms.ts'

const REQUEST_TIMEOUT_MS = 30_000
const NOT_FOUND = 404
const CONFLICT = 409

/** Pulsar's admin interface over HTTP. Every method throws `AppError('PREPARE')`. */
export interface PulsarAdmin {
  version(signal: AbortSignal): Promise<string>
  /** Makes tenant and namespace where they are missing, and sets what the driver file asks for. */
  prepareNamespace(signal: AbortSignal): Promise<void>
  createTopic(topic: TopicSpec, signal: AbortSignal): Promise<void>
  /** A topic that is gone already is fine. */
  deleteTopic(topic: TopicSpec, signal: AbortSignal): Promise<void>
  /** Copies and deduplication that hold for a topic, whoever set them; what the broker does not tell is left out. */
  terms(topic: TopicSpec, signal: AbortSignal): Promise<TopicTerms>
  /** Counters, storage and backlog of a topic, all partitions together. */
  figures(topic: TopicSpec, signal: AbortSignal): Promise<TopicFigures>
}

/** Parts of the statistics of a topic. Counters run since the broker loaded it: an unload or another owner ends them. */
interface TopicStats {
  readonly msgInCounter?: number
  readonly storageSize?: number
  readonly subscriptions?: Readonly<Record<string, { msgBacklog?: number; msgOutCounter?: number }>>
}

interface Reply {
  readonly status: number
  readonly text: string
}

/** `urls` are tried in turn until one answers. */
export function createAdmin(
  urls: readonly string[],
  config: PulsarConfig,
  token: string | null,
): PulsarAdmin {
  const [tenant] = config.namespace.split('/') as [string, string]
  const tls = tlsOf(config) ?? { rejectUnauthorized: true }

  /** `path` begins with a slash; an answer that cannot be read to its end is none. */
  async function send<T>(
    [method, path, body]: readonly [string, string, unknown?],
    signal: AbortSignal,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    let failure: unknown
    for (const url of urls) {
      try {
        const response = await fetch(url.replace(/\/$/, '') + path, {
          method,
          signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
          headers: {
            'content-type': 'application/json',
            ...(token !== null && { authorization: `Bearer ${token}` }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          ...(url.startsWith('https:') && { tls }),
        })
        return await read(response)
      } catch (error) {
        signal.throwIfAborted()
        failure ??= error
      }
    }
    throw new AppError(
      'PREPARE',
      `expected Pulsar's admin interface at ${urls.join(', ')}, got ${whyNoAnswer(failure)}`,
      { hint: 'set adminUrl in the driver file (http://host:8080)', cause: failure },
    )
  }

  function request(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<Reply> {
    const asked = [method, `/admin/v2/${path}`, body] as const
    return send(asked, signal, async (response) => ({
      status: response.status,
      text: await response.text(),
    }))
  }

  /** The reply, unless its status is neither good nor among the accepted ones. */
  async function ask(
    what: string,
    [method, path, body]: readonly [string, string, unknown?],
    signal: AbortSignal,
    accepted: readonly number[] = [],
  ): Promise<Reply> {
    const reply = await request(method, path, signal, body)
    if (reply.status < 300 || accepted.includes(reply.status)) return reply
    const isRights = reply.status === 401 || reply.status === 403
    throw new AppError('PREPARE', `expected Pulsar to ${what}, got ${reply.status} ${reasonIn(reply.text)}`, {
      ...(isRights && { hint: 'the token in the driver file must have the rights of an administrator' }),
    })
  }

  const at = (topic: string) => `${config.topicType}/${config.namespace}/${encodeURIComponent(topic)}`
  const admin: PulsarAdmin = {
    async version(signal) {
      return (await ask('tell its version', ['GET', 'brokers/version'], signal)).text.trim()
    },
    async prepareNamespace(signal) {
      const space = `namespaces/${config.namespace}`
      const found = await ask(`show namespace ${config.namespace}`, ['GET', space], signal, [NOT_FOUND])
      if (found.status === NOT_FOUND) {
        const clusters = JSON.parse((await ask('list its clusters', ['GET', 'clusters'], signal)).text)
        await ask(
          `make tenant ${tenant}`,
          ['PUT', `tenants/${tenant}`, { allowedClusters: clusters }],
          signal,
          [CONFLICT],
        )
        await ask(`make namespace ${config.namespace}`, ['PUT', space, {}], signal, [CONFLICT])
      }
      for (const [name, body] of policiesOf(config)) {
        await ask(`set ${name} of namespace ${config.namespace}`, ['POST', `${space}/${name}`, body], signal)
      }
    },
    async createTopic({ name, partitions }, signal) {
      const reply = await ask(`make topic ${name}`, ['PUT', `${at(name)}/partitions`, partitions], signal, [
        CONFLICT,
      ])
      if (reply.status === CONFLICT) {
        throw new AppError(
          'PREPARE',
          `expected to make topic ${name}, it exists already in ${config.namespace}`,
        )
      }
    },
    async deleteTopic({ name }, signal) {
      await ask(`delete topic ${name}`, ['DELETE', `${at(name)}/partitions?force=true`], signal, [NOT_FOUND])
    },
    terms({ name }, signal) {
      const get: Get = (path, read) => send(['GET', path], signal, read)
      return pulsarTopicTerms(get, at(name), config.topicType === 'persistent')
    },
    async figures(topic, signal) {
      const path = `${at(topic.name)}/partitioned-stats?perPartition=false&getPreciseBacklog=true`
      const reply = await ask(`tell the statistics of ${topic.name}`, ['GET', path], signal)
      return figuresIn(reply.text, topic, config.topicType === 'persistent')
    },
  }
  return admin
}

/** Settings of a namespace, as resource and body. */
function policiesOf(config: PulsarConfig): (readonly [string, unknown])[] {
  const policies: (readonly [string, unknown])[] = []
  const { persistence, retention, deduplication } = config
  if (persistence !== undefined) {
    policies.push([
      'persistence',
      {
        bookkeeperEnsemble: persistence.ensembleSize,
        bookkeeperWriteQuorum: persistence.writeQuorum,
        bookkeeperAckQuorum: persistence.ackQuorum,
        managedLedgerMaxMarkDeleteRate: 0,
      },
    ])
  }
  if (deduplication !== undefined) policies.push(['deduplication', deduplication])
  if (retention !== undefined) {
    policies.push([
      'retention',
      { retentionTimeInMinutes: retention.minutes, retentionSizeInMB: retention.megabytes },
    ])
  }
  return policies
}

function figuresIn(text: string, topic: TopicSpec, isStored: boolean): TopicFigures {
  const { msgInCounter, storageSize, subscriptions } = JSON.parse(text) as TopicStats
  return {
    topic: topic.name,
    messagesIn: msgInCounter ?? null,
    storageBytes: isStored ? (storageSize ?? null) : null,
    subscriptions: topic.subscriptions.map((subscription) => ({
      subscription,
      messagesOut: subscriptions?.[subscription]?.msgOutCounter ?? null,
      backlog: isStored ? (subscriptions?.[subscription]?.msgBacklog ?? null) : null,
      backlogUnit: 'batches',
    })),
  }
}

/** The first sentence: `fetch` goes on with advice to programmers. */
function whyNoAnswer(failure: unknown): string {
  return messageOf(failure).replace(/\. .*$/s, '')
}

function reasonIn(text: string): string {
  const reason = /"reason"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? text
  return reason.slice(0, 300)
}
