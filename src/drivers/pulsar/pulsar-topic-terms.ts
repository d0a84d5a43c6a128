import type { TopicTerms } from '../../driver/driver.ts'

/** A server's metrics may be long: what it runs on stands somewhere in them. */
const MAX_METRICS_BYTES = 16_777_216
/** What of a line must be at hand when the next part of the text is looked at. */
const OVERLAP = 1000

/** Gives what `read` makes of the answer to a GET. */
export type Get = <T>(path: string, read: (response: Response) => Promise<T>) => Promise<T>

/** What holds for a topic, whoever set it (topic, namespace or broker); `at` is its path in the admin interface. */
export async function pulsarTopicTerms(get: Get, at: string, isStored: boolean): Promise<TopicTerms> {
  const applied = async (policy: string): Promise<unknown> =>
    isStored ? await get(`/admin/v2/${at}/${policy}?applied=true`, jsonIn) : null
  const [persistence, deduplicates, platform] = await Promise.all([
    applied('persistence') as Promise<Readonly<Record<string, unknown>> | null>,
    applied('deduplicationEnabled'),
    get('/metrics/', platformOf),
  ])
  const { bookkeeperWriteQuorum: copies, bookkeeperAckQuorum: copiesAtAck } = persistence ?? {}
  return {
    guarantees: {
      ...(typeof copies === 'number' && { copies }),
      ...(typeof copiesAtAck === 'number' && { copiesAtAck }),
    },
    terms: {
      ...(typeof deduplicates === 'boolean' && { deduplicates }),
      ...(platform !== null && { platform }),
    },
  }
}

/** Null where the server refuses, or has no value. */
async function jsonIn(response: Response): Promise<unknown> {
  const text = await response.text()
  return response.ok && text !== '' ? JSON.parse(text) : null
}

/** The Java that a broker's metrics tell; null when they do not. */
async function platformOf({ ok, body }: Response): Promise<string | null> {
  if (body === null) return null
  if (!ok) {
    await body.cancel()
    return null
  }
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Leaving the loop ends the transfer.
  for await (const part of body) {
    text = text.slice(-OVERLAP) + decoder.decode(part, { stream: true })
    const found = javaIn(text)
    if (found !== null) return found
    bytes += part.length
    if (bytes > MAX_METRICS_BYTES) break
  }
  return null
}

function javaIn(metrics: string): string | null {
  const labels = /^jvm_info\{(.*)\} /m.exec(metrics)?.[1]
  const version = /version="([\d._]+)/.exec(labels ?? '')?.[1]
  if (labels === undefined || version === undefined) return null
  return `${/openjdk/i.test(labels) ? 'OpenJDK' : 'Java'} ${version}`
}
