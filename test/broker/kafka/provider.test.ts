// Goal: what can go wrong around a local Kafka is a clear error, and nothing is left running.
// Method: a taken port, a full disk (needs root for a small tmpfs), an address where nobody
// listens, and a broker that goes down for good.

import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaProvider } from '../../../src/brokers/kafka/kafka-provider.ts'
import { freePorts } from '../../../src/brokers/process/index.ts'
import type { AppError } from '../../../src/errors/app-error.ts'
import { skipLoudly } from '../../support/skip.ts'
import { harness, until, withDriver } from './harness.ts'
import { CLIENTS, kafkaDriver, localKafka, UP_LIMIT_MS } from './local-kafka.ts'

const LIMIT_MS = 60_000

for (const client of CLIENTS) {
  test(
    `${client}: an address where nobody listens is named within 15 s`,
    async () => {
      const [port] = await freePorts(1)
      const driver = kafkaDriver({ client }, [`127.0.0.1:${port}`])
      const startMs = performance.now()
      const failure: AppError = await driver.open(AbortSignal.timeout(LIMIT_MS)).then(
        () => new Error('it opened'),
        (error) => error,
      )
      expect(performance.now() - startMs).toBeLessThan(15_000)
      expect(failure.code).toBe('PREPARE')
      expect(failure.message).toContain(`127.0.0.1:${port}`)
      await driver.close(AbortSignal.timeout(5000))
    },
    LIMIT_MS,
  )
}

test(
  'a taken port is named',
  async () => {
    const holder = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    try {
      const failure = await localKafka('single', { ports: [holder.port] }).catch((error) => error)
      expect(failure.message).toContain(`expected port ${holder.port}`)
    } finally {
      holder.stop(true)
    }
  },
  UP_LIMIT_MS,
)

test(
  'a full disk quotes what kafka said',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-kafka-full-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', folder]).status === 0
    try {
      if (!mounted) {
        skipLoudly('a full disk under Kafka: needs root to mount a small tmpfs')
        return
      }
      const failure = await localKafka('single', { dataDirectory: folder }).catch((error) => error)
      expect(failure.code).toBe('PREPARE')
      expect(failure.message).toMatch(/space left|ended with/i)
    } finally {
      if (mounted) spawnSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    }
  },
  UP_LIMIT_MS,
)

test(
  'down ends the processes and wipes the data; a lost server settles everything',
  async () => {
    const kafka = await localKafka('single')
    const { pid, logFile } = kafka.broker.nodes[0]!
    expect(existsSync(logFile)).toBe(true)
    const driver = kafka.driver({ requestTimeoutMs: 1000, deliveryTimeoutMs: 2000 })
    await withDriver(driver, async (signal) => {
      const it = await harness(driver, signal)
      it.send(10)
      await until('10 messages', () => it.received.size === 10)
      await kafka.broker.nodes[0]!.kill()
      it.send(10)
      await until('all to be settled', () => it.outcomes.size === 20)
      expect(it.outcomes.get(19)).not.toBe('acknowledged')
      await until('the consumer to say so', () => it.consumeErrors.size > 0)
    })
    await kafka.down()
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  },
  UP_LIMIT_MS,
)

test('inspect names Java and Maven and changes nothing', async () => {
  const found = await kafkaProvider.inspect()
  expect(found.map(({ what }) => what)).toEqual(['Java 17 or newer', 'Maven', 'container engine (optional)'])
})
