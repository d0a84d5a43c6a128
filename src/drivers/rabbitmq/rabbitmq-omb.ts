import type { OmbTranslation } from '../registry.ts'

const CREATION =
  'clients are created at the same time, each waiting for its own answer: no pause between them is needed'
const IGNORED: Readonly<Record<string, string>> = {
  producerCreationDelay: CREATION,
  producerCreationBatchSize: CREATION,
  consumerCreationDelay: CREATION,
  consumerCreationBatchSize: CREATION,
}

/**
 * OMB's RabbitMQ driver file in our terms. Two things are kept on purpose unlike OMB and named in `ignored`: its
 * consumers acknowledge automatically without prefetch (at most once), ours by hand; it drops the URIs' virtual host.
 */
export function translateOmb(raw: Readonly<Record<string, unknown>>): OmbTranslation {
  const config: Record<string, unknown> = {}
  const ignored: string[] = []
  let servers: readonly string[] | null = null
  for (const [name, value] of Object.entries(raw)) {
    const reason = IGNORED[name]
    if (reason !== undefined) ignored.push(`${name}: ${reason}`)
    else if (name === 'amqpUris') servers = readUris(value, config, ignored)
    else if (name === 'messagePersistence') config.persistent = value
    else if (name === 'queueType') config.queueType = typeof value === 'string' ? value.toLowerCase() : value
    else config[name] = value
  }
  config.queueType ??= 'classic'
  if (config.queueType !== 'classic' && config.persistent === false) {
    delete config.persistent
    ignored.push(`messagePersistence: ${config.queueType} queues write every message to disk`)
  } else if (config.queueType === 'classic') {
    config.persistent ??= false
  }
  return { config, servers, ignored }
}

/** Takes servers, user, password, virtual host and TLS from the URIs; the first URI's user counts for all. */
function readUris(
  value: unknown,
  config: Record<string, unknown>,
  ignored: string[],
): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0) {
    config.amqpUris = value // Not ours: the schema names it as an unknown key, with its position in the file.
    return null
  }
  const servers: string[] = []
  for (const [index, text] of value.entries()) {
    const uri = URL.parse(String(text))
    if (uri === null || (uri.protocol !== 'amqp:' && uri.protocol !== 'amqps:')) {
      config.amqpUris = value
      return null
    }
    const port = uri.port || (uri.protocol === 'amqps:' ? '5671' : '5672')
    servers.push(`${uri.hostname}:${port}`)
    if (index === 0) readCredentials(uri, config)
    else if (uri.username && decodeURIComponent(uri.username) !== (config.username ?? 'guest')) {
      ignored.push(`amqpUris[${index}]: its user; the first URI's is used for all servers`)
    }
  }
  return servers
}

function readCredentials(uri: URL, config: Record<string, unknown>): void {
  if (uri.username) config.username = decodeURIComponent(uri.username)
  if (uri.password) config.password = decodeURIComponent(uri.password)
  if (uri.protocol === 'amqps:') config.tls = true
  const vhost = decodeURIComponent(uri.pathname.slice(1))
  if (vhost !== '') config.vhost = vhost
}
