// Goal: everything OpenTelemetry's Python SDK sends through the gateway arrives, once, masked.
// Method: the real SDK in a virtual environment of the cache, HTTP and gRPC (its core is C, not Node's HTTP/2), compressed
// or not; a gateway process; a sink that another library decodes.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { SIGNALS } from '../../../src/otlp/signal.ts'
import { skipLoudly } from '../../support/skip.ts'
import { type Gateway, pollUntilSettled, startGateway } from './support/gateway.ts'
import { pythonWithSdk, sendByPythonSdk } from './support/python-sdk.ts'
import { type Sink, startSink } from './support/sink.ts'
import { eachOnce, MASK, MASKING, tallyOf } from './support/tally.ts'

const COUNT = 600

const sdk = await pythonWithSdk()
const isSkipped = typeof sdk === 'string' && skipLoudly(`OpenTelemetry's Python SDK needs ${sdk}`)

let sink: Sink
let gateway: Gateway
beforeAll(async () => {
  if (isSkipped) return
  sink = await startSink()
  gateway = await startGateway({ ...MASKING, ...sink.environment('http', 'none') })
})
afterAll(async () => {
  if (isSkipped) return
  expect(await gateway?.stop()).toBe(0)
  await sink?.stop()
})
beforeEach(() => sink?.clear())

test.skipIf(isSkipped).each([
  ['http', 'none'],
  ['http', 'gzip'],
  ['grpc', 'none'],
  ['grpc', 'gzip'],
] as const)('%s, compression %s', async (protocol, compression) => {
  await sendByPythonSdk((sdk as { python: string }).python, gateway, protocol, compression, COUNT)
  await pollUntilSettled(gateway)
  for (const signal of SIGNALS) {
    const tally = tallyOf(sink, signal)
    expect([signal, tally.records]).toEqual([signal, COUNT])
    expect(tally.names).toEqual(eachOnce('record', COUNT))
    expect(tally.masked).toEqual({ resources: new Set([MASK]), records: new Set([MASK]) })
    expect(tally.leaks).toBe(false)
  }
})
