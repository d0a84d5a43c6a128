import { keyValues, type PlainAttributes } from '../../src/otlp/build/values.ts'
import type { LogRecord, Metric, Requests, Span } from '../../src/otlp/description.ts'
import { createRandom, type Random } from './random.ts'

// Every record alike, so that cost per record is one number. Times are fixed: equal seeds give equal bytes.
const START_NANO = 1_700_000_000_000_000_000n
const MILLISECOND = 1_000_000n

const RESOURCE: PlainAttributes = {
  'service.name': 'order-service',
  'service.namespace': 'shop',
  'host.name': 'node-01.example.com',
}
const SCOPE = { name: 'bench.payload', version: '1.0.0' }

/** `tenant-0000` … `tenant-0009`: what the masking rules of the bench profile look for. */
function tenant(random: Random): string {
  return `tenant-000${random.whole(10)}`
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH'] as const
const STATUSES = [200, 201, 204, 404, 500] as const

/** One trace of `count` spans in one scope, 8 attributes each (about 331 bytes a span). */
export function evenTraces(count: number, seed: number): Requests['traces'] {
  const random = createRandom(seed)
  const traceId = random.bytes(16)
  const spans: Span[] = []
  for (let i = 0; i < count; i++) {
    const start = START_NANO + BigInt(i) * MILLISECOND
    spans.push({
      traceId,
      spanId: random.bytes(8),
      ...(i === 0 ? {} : { parentSpanId: spans[random.whole(i)]!.spanId! }),
      name: `GET /api/v1/orders/${100 + random.whole(900)}`,
      kind: 2,
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(1 + random.whole(50)) * MILLISECOND,
      attributes: keyValues({
        tenant_id: tenant(random),
        'http.request.method': random.pick(METHODS),
        'http.response.status_code': random.pick(STATUSES),
        'url.path': `/api/v1/orders/${100 + random.whole(900)}`,
        'user.email': `user${1000 + random.whole(9000)}@example.com`,
        'net.peer.name': 'db-1.internal',
        'db.system': 'postgresql',
        'thread.id': 1 + random.whole(64),
      }),
      status: {},
    })
  }
  return {
    resourceSpans: [{ resource: { attributes: keyValues(RESOURCE) }, scopeSpans: [{ scope: SCOPE, spans }] }],
  }
}

/** Resources for the rules on resources: with a tenant and without, so that a DROP on it leaves something. */
function resources(random: Random): PlainAttributes[] {
  return [{ ...RESOURCE, tenant_id: tenant(random) }, RESOURCE]
}

/** `count` data points of sums, gauges and histograms under two resources, one of a tenant. */
export function evenMetrics(count: number, seed: number): Requests['metrics'] {
  const random = createRandom(seed)
  const shares = [Math.ceil(count / 2), Math.floor(count / 2)]
  return {
    resourceMetrics: resources(random).map((attributes, i) => ({
      resource: { attributes: keyValues(attributes) },
      scopeMetrics: [
        { scope: SCOPE, metrics: Array.from({ length: shares[i]! }, (_, n) => metric(n, random)) },
      ],
    })),
  }
}

function metric(index: number, random: Random): Metric {
  const point = {
    attributes: keyValues({
      tenant_id: tenant(random),
      'http.request.method': random.pick(METHODS),
      'http.response.status_code': random.pick(STATUSES),
      'http.route': '/api/v1/orders/{id}',
    }),
    startTimeUnixNano: START_NANO,
    timeUnixNano: START_NANO + 60_000n * MILLISECOND,
  }
  const bounds = [5, 10, 25, 50, 100, 250, 500, 1000]
  switch (index % 3) {
    case 0:
      return {
        name: 'http.server.requests',
        unit: '{request}',
        sum: {
          dataPoints: [{ ...point, asInt: random.whole(1e6) }],
          aggregationTemporality: 2,
          isMonotonic: true,
        },
      }
    case 1:
      return {
        name: 'process.memory.usage',
        unit: 'By',
        gauge: { dataPoints: [{ ...point, asDouble: random.next() * 1e9 }] },
      }
    default: {
      const bucketCounts = Array.from({ length: bounds.length + 1 }, () => random.whole(1000))
      const total = bucketCounts.reduce((sum, bucket) => sum + bucket, 0)
      return {
        name: 'http.server.request.duration',
        unit: 'ms',
        histogram: {
          dataPoints: [
            {
              ...point,
              count: total,
              sum: total * 40.5,
              bucketCounts,
              explicitBounds: bounds,
              min: 0.5,
              max: 900,
            },
          ],
          aggregationTemporality: 2,
        },
      }
    }
  }
}

/** `count` log records under two resources, one of a tenant. */
export function evenLogs(count: number, seed: number): Requests['logs'] {
  const random = createRandom(seed)
  const shares = [Math.ceil(count / 2), Math.floor(count / 2)]
  return {
    resourceLogs: resources(random).map((attributes, i) => ({
      resource: { attributes: keyValues(attributes) },
      scopeLogs: [
        { scope: SCOPE, logRecords: Array.from({ length: shares[i]! }, (_, n) => logRecord(n, random)) },
      ],
    })),
  }
}

function logRecord(index: number, random: Random): LogRecord {
  const time = START_NANO + BigInt(index) * MILLISECOND
  const order = 100 + random.whole(900)
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time + MILLISECOND,
    severityNumber: 9,
    severityText: 'INFO',
    body: {
      stringValue: `order ${order} of user${1000 + random.whole(9000)}@example.com was accepted and is being paid`,
    },
    attributes: keyValues({
      tenant_id: tenant(random),
      'order.id': order,
      'thread.name': `worker-${random.whole(64)}`,
      'code.function.name': 'OrderService.accept',
    }),
    traceId: random.bytes(16),
    spanId: random.bytes(8),
  }
}
