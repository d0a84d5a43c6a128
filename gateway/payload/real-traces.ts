import { keyValues, type PlainAttributes } from '../../src/otlp/build/values.ts'
import type { Requests, Span, SpanEvent } from '../../src/otlp/description.ts'
import { createRandom, type Random } from './random.ts'
import { SERVICES, START_NANO, scopeOf, sdkResource, tenant } from './real-parts.ts'

const MICROSECOND = 1000n
const MESSAGE = 'timeout after 2000 ms waiting for a connection of the pool'
const STACK = Array.from(
  { length: 9 },
  (_, i) => `    at com.example.shop.payment.PaymentClient.step${i}(PaymentClient.java:${40 + 7 * i})`,
).join('\n')

interface Kind {
  readonly scope: string
  readonly kind: number
  readonly name: string
  attributes(random: Random): PlainAttributes
}

const SERVER: Kind = {
  scope: 'io.opentelemetry.tomcat-10.0',
  kind: 2,
  name: 'POST /api/v1/checkout',
  attributes: (random) => ({
    'http.request.method': 'POST',
    'http.response.status_code': random.pick([200, 201, 500]),
    'url.path': '/api/v1/checkout',
    'url.query': `cart=${random.whole(1e6)}&currency=EUR`,
    'client.address': `10.42.${random.whole(256)}.${random.whole(256)}`,
    'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'network.protocol.version': '1.1',
    'server.port': 8443,
    'enduser.id': `user${1000 + random.whole(9000)}@example.com`,
    tenant_id: tenant(random),
    'feature.flags': ['new-cart', 'fast-pay'],
    'sampled.by.rule': true,
  }),
}

const DATABASE: Kind = {
  scope: 'io.opentelemetry.jdbc',
  kind: 3,
  name: 'SELECT shop.orders',
  attributes: (random) => ({
    'db.system.name': 'postgresql',
    'db.namespace': 'shop',
    'db.query.text':
      'SELECT id, state, total FROM orders WHERE tenant = ? AND state = ? ORDER BY created LIMIT ?',
    'db.operation.name': 'SELECT',
    'server.address': 'orders-db.internal',
    'db.response.returned_rows': random.whole(200),
    'db.client.load': random.next(),
  }),
}

const CLIENT: Kind = {
  scope: 'io.opentelemetry.java-http-client',
  kind: 3,
  name: 'POST',
  attributes: (random) => ({
    'http.request.method': 'POST',
    'url.full': `https://pay.internal/v2/charges/${random.whole(1e9)}`,
    'server.address': 'pay.internal',
    'server.port': 443,
    'http.response.status_code': random.pick([200, 402, 503]),
    tenant_id: tenant(random),
    'retry.context': { attempt: random.whole(3), final: false },
  }),
}

const INTERNAL: Kind = {
  scope: 'com.example.shop',
  kind: 1,
  name: 'price cart',
  attributes: (random) => ({ 'cart.items': random.whole(30), 'cart.digest': random.bytes(16) }),
}

const KINDS = [SERVER, DATABASE, DATABASE, CLIENT, INTERNAL] as const

/** What SDKs send: several services, a scope per library, events, links, failed spans and values of every type. */
export function realTraces(count: number, seed: number): Requests['traces'] {
  const random = createRandom(seed)
  let rest = count
  return {
    resourceSpans: SERVICES.map((service, i) => {
      const share = i === SERVICES.length - 1 ? rest : Math.round(count / SERVICES.length)
      rest -= share
      return {
        resource: { attributes: keyValues(sdkResource(service, random)) },
        scopeSpans: byScope(
          Array.from({ length: share }, (_, n) => KINDS[n % KINDS.length]!),
          random,
        ),
        schemaUrl: 'https://opentelemetry.io/schemas/1.37.0',
      }
    }),
  }
}

function byScope(kinds: readonly Kind[], random: Random) {
  const traceId = random.bytes(16)
  const root = random.bytes(8)
  const scopes = new Map<string, Span[]>()
  kinds.forEach((kind, i) => {
    const spans = scopes.get(kind.scope) ?? []
    scopes.set(kind.scope, spans)
    spans.push(span(kind, i, traceId, root, random))
  })
  return [...scopes].map(([name, spans]) => ({ scope: scopeOf(name), spans }))
}

function span(kind: Kind, index: number, traceId: Uint8Array, root: Uint8Array, random: Random): Span {
  const start = START_NANO + BigInt(index) * 1000n * MICROSECOND
  const end = start + BigInt(100 + random.whole(50_000)) * MICROSECOND
  const isFailed = index % 8 === 5
  return {
    traceId,
    spanId: index === 0 ? root : random.bytes(8),
    ...(index === 0 ? {} : { parentSpanId: root }),
    flags: 0x101,
    name: kind.name,
    kind: kind.kind,
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    attributes: keyValues({
      ...kind.attributes(random),
      'thread.id': 20 + random.whole(40),
      'thread.name': `http-nio-8443-exec-${random.whole(20)}`,
    }),
    ...(isFailed ? { events: [exception(end)], status: { code: 2, message: MESSAGE } } : { status: {} }),
    ...(index % 10 === 7
      ? {
          links: [
            {
              traceId: random.bytes(16),
              spanId: random.bytes(8),
              attributes: keyValues({ 'link.reason': 'retry' }),
            },
          ],
        }
      : {}),
  }
}

function exception(time: bigint): SpanEvent {
  return {
    timeUnixNano: time,
    name: 'exception',
    attributes: keyValues({
      'exception.type': 'com.example.shop.PaymentException',
      'exception.message': MESSAGE,
      'exception.stacktrace': `com.example.shop.PaymentException: ${MESSAGE}\n${STACK}`,
      'exception.escaped': false,
    }),
  }
}
