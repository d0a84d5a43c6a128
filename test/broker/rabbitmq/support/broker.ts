import { afterAll, beforeAll } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker, LocalBrokerOptions } from '../../../../src/brokers/broker.ts'
import { rabbitmqProvider } from '../../../../src/brokers/rabbitmq/rabbitmq-provider.ts'

/** Bringing packages into an empty cache is part of the first start. */
const UP_LIMIT_MS = 240_000

/** A broker of this test file, started before its first test and ended after its last. */
export function testBroker(options: Partial<LocalBrokerOptions> = {}): { readonly current: LocalBroker } {
  let broker: LocalBroker | null = null
  const directory = mkdtempSync(join(tmpdir(), 'bench-rabbitmq-'))
  beforeAll(async () => {
    const quick = { topology: 'single', profile: 'quick', directory, log: () => undefined } as const
    broker = await rabbitmqProvider.up({ ...quick, ...options }, AbortSignal.timeout(UP_LIMIT_MS))
  }, UP_LIMIT_MS)
  afterAll(async () => {
    await broker?.down()
    rmSync(directory, { recursive: true, force: true })
  }, 30_000)
  return {
    get current() {
      if (broker === null) throw new Error('the broker is not up')
      return broker
    },
  }
}
