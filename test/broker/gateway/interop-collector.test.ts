// Goal: the gateway takes what the OpenTelemetry Collector exports, and the collector what the gateway exports: all of it,
// once, masked.
// Method: SDK → collector → gateway → collector → sink that another library decodes, every hop of a chain over the same
// protocol and compression. The collector is Go: HTTP, gRPC and gzip of another make on both sides of the gateway.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { makePayload } from '../../../gateway/payload/payload.ts'
import { presentCollector } from '../../../perf/gateway/collector.ts'
import { HTTP_PATHS, SIGNALS } from '../../../src/otlp/signal.ts'
import { skipLoudly } from '../../support/skip.ts'
import { type Ports, startCollector } from './support/collector.ts'
import { pollUntilSettled, startGateway } from './support/gateway.ts'
import { sendByJsSdk } from './support/js-sdk.ts'
import { type Sink, startSink } from './support/sink.ts'
import { eachOnce, MASK, MASKING, tallyOf } from './support/tally.ts'

const COUNT = 2000

const program = presentCollector()
const isSkipped =
  program === null &&
  skipLoudly(
    'no OpenTelemetry Collector: OTELCOL names one, `npm run proof:gateway-interop` builds one with Go',
  )

let sink: Sink
beforeAll(async () => {
  sink = await startSink()
})
afterAll(() => sink.stop())
beforeEach(() => sink.clear())

/** Settings of a gateway that exports to `to`. */
function upstreamOf(to: Ports, protocol: 'http' | 'grpc'): Record<string, string> {
  return Object.fromEntries(
    SIGNALS.map((signal) => [
      `OTLP_UPSTREAM_${signal.toUpperCase()}_URL`,
      protocol === 'http'
        ? `http://127.0.0.1:${to.httpPort}${HTTP_PATHS[signal]}`
        : `grpc://127.0.0.1:${to.grpcPort}`,
    ]),
  )
}

interface Chain {
  /** Where to send to. */
  readonly start: Ports
  /** Ends each part in the order of the way: it sends what it holds before it ends. */
  finish(): Promise<void>
}

/** collector → gateway → collector → sink. @param use does everything between start and end. */
async function throughChain(
  protocol: 'http' | 'grpc',
  compression: 'none' | 'gzip',
  use: (chain: Chain) => Promise<void>,
): Promise<void> {
  const stops: (() => Promise<number>)[] = []
  try {
    const behind = await startCollector(program!, sink, protocol, compression)
    stops.unshift(behind.stop)
    const gateway = await startGateway({
      ...MASKING,
      ...upstreamOf(behind, protocol),
      OTLP_UPSTREAM_COMPRESSION: compression,
    })
    stops.unshift(gateway.stop)
    const before = await startCollector(program!, gateway, protocol, compression)
    stops.unshift(before.stop)
    const finish = async () => {
      expect(await before.stop()).toBe(0)
      await pollUntilSettled(gateway)
      expect(await gateway.metric('gateway_dropped_total')).toBe(0)
      expect(await gateway.metric('gateway_upstream_rejected_records_total')).toBe(0)
      expect(await gateway.stop()).toBe(0)
      expect(await behind.stop()).toBe(0)
    }
    await use({ start: before, finish })
  } finally {
    for (const stop of stops) await stop()
  }
}

test.skipIf(isSkipped).each([
  ['http', 'none'],
  ['http', 'gzip'],
  ['grpc', 'none'],
  ['grpc', 'gzip'],
] as const)('%s, compression %s', async (protocol, compression) => {
  await throughChain(protocol, compression, async ({ start, finish }) => {
    await sendByJsSdk(start, protocol === 'grpc' ? 'grpc' : 'protobuf', compression, COUNT)
    await finish()
  })
  for (const signal of SIGNALS) {
    const tally = tallyOf(sink, signal)
    expect([signal, tally.records]).toEqual([signal, COUNT])
    expect(tally.names).toEqual(eachOnce('record', COUNT))
    expect(tally.masked).toEqual({ resources: new Set([MASK]), records: new Set([MASK]) })
    expect(tally.leaks).toBe(false)
  }
})

// Larger than any window of HTTP/2 on the way, so that every hop depends on the other's window updates.
test.skipIf(isSkipped).each(['http', 'grpc'] as const)('requests of 3 MB over %s', async (protocol) => {
  const { records, body } = makePayload({ signal: 'traces', profile: 'even', records: 9000, seed: 1 })
  expect(body.length).toBeGreaterThan(2_900_000)
  await throughChain(protocol, 'none', async ({ start, finish }) => {
    for (let i = 0; i < 2; i++) {
      const answer = await fetch(`http://127.0.0.1:${start.httpPort}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: body as Uint8Array<ArrayBuffer>,
      })
      expect(answer.status).toBe(200)
    }
    await finish()
  })
  const tally = tallyOf(sink, 'traces')
  expect([tally.records, tally.spanIds.size]).toEqual([2 * records, records])
})
