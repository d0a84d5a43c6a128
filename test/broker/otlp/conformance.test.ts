// Goal: the OTLP driver keeps its contract through the real gateway, for both transports and both kinds of record, with
// the gateway exporting over HTTP and gRPC. Method: the conformance suite, under the guard; checks share a gateway.
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { otlpSubject } from '../../drivers/otlp/conformance-subject.ts'
import { type LocalGateway, localGateway, UP_LIMIT_MS } from './local-gateway.ts'

for (const upstream of ['http', 'grpc'] as const) {
  describe(`the gateway exports over ${upstream}`, () => {
    let gateway: LocalGateway
    beforeAll(async () => {
      // Requests that nobody takes any more are of earlier checks: the gateway shall not try them for long.
      gateway = await localGateway({ upstream, environment: { GATEWAY_RETRY_MAX_ELAPSED_MS: '2000' } })
    }, UP_LIMIT_MS)
    afterAll(() => gateway?.down(), UP_LIMIT_MS)
    for (const [client, item] of [
      ['http', upstream === 'http' ? 'log' : 'span'],
      ['grpc', upstream === 'http' ? 'span' : 'log'],
    ]) {
      const settings = {
        client,
        item,
        attributes: { tenant_id: 'tenant-0001' },
        maskedAttributes: ['tenant_id'],
      }
      const subject = otlpSubject(`gateway ${client} ${item}`, settings, () => gateway.broker.servers)
      conformanceSuite(subject, { describe, test })
    }
  })
}
