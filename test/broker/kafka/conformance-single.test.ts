// Goal: both Kafka clients keep the driver contract on a real broker (topology: single).
// Method: the conformance suite, under the guard, against one broker that all checks share.
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { conformanceSuite } from '../../../src/driver/conformance/suite.ts'
import { kafkaSubject } from './conformance-subject.ts'
import { CLIENTS, type LocalKafka, localKafka, UP_LIMIT_MS } from './local-kafka.ts'

let kafka: LocalKafka
beforeAll(async () => {
  kafka = await localKafka('single')
}, UP_LIMIT_MS)
afterAll(() => kafka?.down(), UP_LIMIT_MS)

for (const client of CLIENTS) {
  const subject = kafkaSubject(`kafka single ${client}`, { client }, () => kafka.broker.servers)
  conformanceSuite(subject, { describe, test })
}
