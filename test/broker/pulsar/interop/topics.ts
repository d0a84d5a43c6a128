import { randomSuffix } from '../../../../src/driver/conformance/session.ts'

/** The admin interface at `web`. Rejects with what it says. */
export async function admin(web: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${web}/admin/v2/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

/** A fresh topic: its full name. */
export async function freshTopic(web: string, partitions: number, namespace: string): Promise<string> {
  const path = `${namespace}/interop-${randomSuffix()}`
  if (partitions === 0) await admin(web, 'PUT', `persistent/${path}`)
  else await admin(web, 'PUT', `persistent/${path}/partitions`, partitions)
  return `persistent://${path}`
}

/** A fresh namespace whose brokers drop what a producer sends twice. */
export async function deduplicatingNamespace(web: string): Promise<string> {
  const namespace = `public/interop-${randomSuffix()}`
  await admin(web, 'PUT', `namespaces/${namespace}`, {})
  await admin(web, 'POST', `namespaces/${namespace}/deduplication`, true)
  return namespace
}

export interface SubscriptionStats {
  readonly msgBacklog: number
  readonly consumers: readonly unknown[]
}

/** What the broker says of a subscription; null while there is none. */
export async function statsOf(
  web: string,
  topic: string,
  subscription: string,
): Promise<SubscriptionStats | null> {
  const stats = await admin(web, 'GET', `persistent/${topic.slice('persistent://'.length)}/stats`)
  const { subscriptions } = stats as { subscriptions: Readonly<Record<string, SubscriptionStats>> }
  return subscriptions[subscription] ?? null
}
