// Goal: everything OpenTelemetry's telemetrygen sends through the gateway arrives, once, masked.
// Method: the real tool (Go: another HTTP and gRPC stack), paced, all signals, over HTTP and gRPC; a gateway process; a sink
// that another library decodes.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { SIGNALS } from '../../../src/otlp/signal.ts'
import { skipLoudly } from '../../support/skip.ts'
import { type Gateway, pollUntilSettled, startGateway } from './support/gateway.ts'
import { type Sink, startSink } from './support/sink.ts'
import { MASK, MASKING, tallyOf } from './support/tally.ts'
import { sendByTelemetrygen, telemetrygenProgram } from './support/telemetrygen.ts'

const COUNT = 300

const tool = await telemetrygenProgram()
const isSkipped = typeof tool === 'string' && skipLoudly(`telemetrygen needs ${tool}`)

let sink: Sink
let gateway: Gateway
beforeAll(async () => {
  if (isSkipped) return
  sink = await startSink()
  gateway = await startGateway({ ...MASKING, ...sink.environment('grpc', 'gzip') })
})
afterAll(async () => {
  if (isSkipped) return
  expect(await gateway?.stop()).toBe(0)
  await sink?.stop()
})
beforeEach(() => sink?.clear())

const cases = (['http', 'grpc'] as const).flatMap((protocol) =>
  SIGNALS.map((signal) => [protocol, signal] as const),
)
test.skipIf(isSkipped).each(cases)('%s, %s', async (protocol, signal) => {
  await sendByTelemetrygen((tool as { program: string }).program, gateway, protocol, signal, COUNT)
  await pollUntilSettled(gateway)
  const tally = tallyOf(sink, signal)
  expect(tally.records).toBe(COUNT)
  if (signal === 'traces') expect(tally.spanIds.size).toBe(COUNT)
  expect(tally.masked).toEqual({ resources: new Set([MASK]), records: new Set([MASK]) })
  expect(tally.leaks).toBe(false)
})
