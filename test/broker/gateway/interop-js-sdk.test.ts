// Goal: everything OpenTelemetry's JavaScript SDK sends through the gateway arrives, once, masked.
// Method: the real SDK with its three exporters, compressed or not; a gateway process; a sink that another library decodes.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { SIGNALS } from '../../../src/otlp/signal.ts'
import { type Gateway, pollUntilSettled, startGateway } from './support/gateway.ts'
import { sendByJsSdk } from './support/js-sdk.ts'
import { type Sink, startSink } from './support/sink.ts'
import { eachOnce, MASK, MASKING, tallyOf } from './support/tally.ts'

const COUNT = 600

let sink: Sink
const gateways: Partial<Record<'http' | 'grpc', Gateway>> = {}
beforeAll(async () => {
  sink = await startSink()
  gateways.http = await startGateway({ ...MASKING, ...sink.environment('http', 'gzip') })
  gateways.grpc = await startGateway({ ...MASKING, ...sink.environment('grpc', 'none') })
})
afterAll(async () => {
  expect(await gateways.http?.stop()).toBe(0)
  expect(await gateways.grpc?.stop()).toBe(0)
  await sink?.stop()
})
beforeEach(() => sink.clear())

test.each([
  ['protobuf', 'none', 'http'],
  ['protobuf', 'gzip', 'grpc'],
  ['json', 'none', 'grpc'],
  ['json', 'gzip', 'http'],
  ['grpc', 'none', 'http'],
  ['grpc', 'gzip', 'grpc'],
] as const)('%s, compression %s, to an upstream that speaks %s', async (protocol, compression, upstream) => {
  const gateway = gateways[upstream]!
  await sendByJsSdk(gateway, protocol, compression, COUNT)
  await pollUntilSettled(gateway)
  for (const signal of SIGNALS) {
    const tally = tallyOf(sink, signal)
    expect([signal, tally.records]).toEqual([signal, COUNT])
    expect(tally.names).toEqual(eachOnce('record', COUNT))
    expect(tally.masked).toEqual({ resources: new Set([MASK]), records: new Set([MASK]) })
    expect(tally.leaks).toBe(false)
  }
})
