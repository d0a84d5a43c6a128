import { anyValue, keyValues, type PlainValue } from '../../src/otlp/build/values.ts'
import type { Exemplar, LogRecord, Metric, Requests } from '../../src/otlp/description.ts'
import { createRandom, type Random } from './random.ts'
import { SERVICES, START_NANO, scopeOf, sdkResource, tenant } from './real-parts.ts'

const MINUTE_LATER = START_NANO + 60_000_000_000n
const CUMULATIVE = 2

/** How many of `count` records each service gets; the last one takes the rest. */
function shares(count: number): number[] {
  const each = Math.round(count / SERVICES.length)
  return SERVICES.map((_, i) => (i === SERVICES.length - 1 ? count - each * i : each))
}

/** `count` metrics of one data point each: all five kinds, with exemplars. */
export function realMetrics(count: number, seed: number): Requests['metrics'] {
  const random = createRandom(seed)
  return {
    resourceMetrics: shares(count).map((share, i) => ({
      resource: { attributes: keyValues(sdkResource(SERVICES[i]!, random)) },
      scopeMetrics: [
        {
          scope: scopeOf('io.opentelemetry.runtime-telemetry-java17'),
          metrics: Array.from({ length: share }, (_, n) => metric(n, random)),
        },
      ],
    })),
  }
}

function metric(index: number, random: Random): Metric {
  const point = {
    attributes: keyValues({
      'http.request.method': random.pick(['GET', 'POST']),
      'http.response.status_code': random.pick([200, 404, 500]),
      'http.route': '/api/v1/checkout/{id}',
      tenant_id: tenant(random),
    }),
    startTimeUnixNano: START_NANO,
    timeUnixNano: MINUTE_LATER,
  }
  const exemplars = [exemplar(random)]
  const name = `shop.metric.${index}`
  const common = { name, description: 'What the shop does, by route and outcome', unit: 'ms' }
  const counts = Array.from({ length: 12 }, () => random.whole(500))
  const total = counts.reduce((sum, count) => sum + count, 0)
  switch (index % 5) {
    case 0:
      return { ...common, gauge: { dataPoints: [{ ...point, asDouble: random.next() * 100 }] } }
    case 1:
      return {
        ...common,
        sum: {
          dataPoints: [{ ...point, asInt: random.whole(1e9), exemplars }],
          aggregationTemporality: CUMULATIVE,
          isMonotonic: true,
        },
      }
    case 2:
      return {
        ...common,
        histogram: {
          dataPoints: [
            {
              ...point,
              count: total,
              sum: total * 12.25,
              bucketCounts: counts,
              explicitBounds: counts.slice(1).map((_, i) => 2 ** i),
              exemplars,
              min: 0.25,
              max: 2000,
            },
          ],
          aggregationTemporality: CUMULATIVE,
        },
      }
    case 3:
      return {
        ...common,
        exponentialHistogram: {
          dataPoints: [
            {
              ...point,
              count: total,
              sum: total * 3.5,
              scale: 3,
              zeroCount: 0,
              positive: { offset: -4, bucketCounts: counts },
              negative: {},
              exemplars,
            },
          ],
          aggregationTemporality: CUMULATIVE,
        },
      }
    default:
      return {
        ...common,
        summary: {
          dataPoints: [
            {
              ...point,
              count: total,
              sum: total * 5.5,
              quantileValues: [0.5, 0.9, 0.99].map((quantile) => ({ quantile, value: quantile * 100 })),
            },
          ],
        },
      }
  }
}

function exemplar(random: Random): Exemplar {
  return {
    filteredAttributes: keyValues({ 'enduser.id': `user${1000 + random.whole(9000)}@example.com` }),
    timeUnixNano: MINUTE_LATER,
    asDouble: random.next() * 100,
    spanId: random.bytes(8),
    traceId: random.bytes(16),
  }
}

/** `count` log records with bodies of every type. */
export function realLogs(count: number, seed: number): Requests['logs'] {
  const random = createRandom(seed)
  return {
    resourceLogs: shares(count).map((share, i) => ({
      resource: { attributes: keyValues(sdkResource(SERVICES[i]!, random)) },
      scopeLogs: [
        {
          scope: scopeOf('com.example.shop.Checkout'),
          logRecords: Array.from({ length: share }, (_, n) => logRecord(n, random)),
        },
      ],
    })),
  }
}

function logRecord(index: number, random: Random): LogRecord {
  const time = START_NANO + BigInt(index) * 1_000_000n
  const isError = random.whole(8) === 0
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time + 1_000_000n,
    severityNumber: isError ? 17 : 9,
    severityText: isError ? 'ERROR' : 'INFO',
    body: anyValue(body(index, random)),
    attributes: keyValues({
      tenant_id: tenant(random),
      'log.logger': 'com.example.shop.Checkout',
      'thread.name': `http-nio-8443-exec-${random.whole(20)}`,
      'cart.items': random.whole(30),
      'cart.total': random.next() * 500,
      'cart.is_gift': random.whole(2) === 0,
    }),
    ...(random.whole(3) === 0 ? {} : { traceId: random.bytes(16), spanId: random.bytes(8), flags: 1 }),
    ...(random.whole(6) === 0 ? { eventName: 'cart.paid' } : {}),
  }
}

function body(index: number, random: Random): PlainValue {
  const user = `user${1000 + random.whole(9000)}@example.com`
  switch (index % 4) {
    case 1:
      return { message: 'cart paid', user, cart: { items: [random.whole(9), random.whole(9)], total: 99.5 } }
    case 2:
      return random.bytes(48)
    default:
      return `cart ${random.whole(1e6)} of ${user} was paid in ${random.whole(900)} ms; 3 items will be shipped today`
  }
}
