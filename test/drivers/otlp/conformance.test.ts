// Goal: the driver keeps its contract whatever the transport and the kind of record. Method: the conformance suite,
// under the guard, through a relay of a few lines in place of a gateway; its upstream speaks the other transport.
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { otlpSubject } from './conformance-subject.ts'
import { type Relay, startRelay } from './relay.ts'

const SIDES = [
  { client: 'http', item: 'log', compression: 'none', upstream: 'grpc' },
  { client: 'http', item: 'span', compression: 'gzip', upstream: 'http' },
  { client: 'grpc', item: 'log', compression: 'gzip', upstream: 'grpc' },
  { client: 'grpc', item: 'span', compression: 'none', upstream: 'http' },
] as const

for (const { upstream, ...settings } of SIDES) {
  const { client, item, compression } = settings
  describe(`through a relay, ${client} in, ${upstream} out`, () => {
    let relay: Relay
    beforeAll(async () => {
      relay = await startRelay({ settings, upstream })
    })
    afterAll(() => relay?.close())
    const subject = otlpSubject(`otlp ${client} ${item} ${compression}`, settings, () => relay.servers)
    conformanceSuite(subject, { describe, test })
  })
}
