// Goal: what happens to the gateway and to the sink behind it is told as it was: an upstream that is away for a while
// loses nothing, a gateway that is killed loses what it had acknowledged, and unmasked values are seen. Method: the real
// gateway and the driver; every message has a number, and what came is held against what was acknowledged.
import { afterEach, expect, test } from 'bun:test'
import type { Outcome } from '../../../src/driver/driver.ts'
import { otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { driverModule } from '../../../src/drivers/otlp/otlp-driver.ts'
import { pollUntil } from '../../support/poll.ts'
import { type LocalGateway, localGateway } from './local-gateway.ts'

const LIMIT_MS = 60_000
const WAIT_MS = 30_000
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const MASKED = { attributes: { tenant_id: 'tenant-0001' }, maskedAttributes: ['tenant_id'] }

async function harness(gateway: LocalGateway, settings: Readonly<Record<string, unknown>> = MASKED) {
  stops.push(gateway.down)
  const signal = AbortSignal.timeout(LIMIT_MS)
  const config = otlpConfigSchema.parse(settings)
  const { servers } = gateway.broker
  const driver = driverModule.create({ config, servers, namePrefix: 'test', log() {} })
  await driver.open(signal)
  stops.push(() => driver.close(AbortSignal.timeout(1000)))
  const outcomes = new Map<number, Outcome>()
  const received = new Map<number, number>()
  const errors: string[] = []
  const common = { topic: 'topic', partitions: 1 }
  const producer = await driver.createProducer(
    {
      ...common,
      name: 'producer',
      onSettled(first, count, outcome) {
        for (let i = first; i < first + count; i++) outcomes.set(i, outcome)
      },
      onWritable() {},
    },
    signal,
  )
  stops.push(() => producer.close(AbortSignal.timeout(1000)))
  let sent = 0
  return {
    received,
    errors,
    async consume() {
      const consumer = await driver.createConsumer(
        {
          ...common,
          subscription: 'subscription',
          name: 'consumer',
          startAt: 'latest',
          consumersOfSubscription: 1,
          indexInSubscription: 0,
          onBatch(batch) {
            for (let i = 0; i < batch.count; i++) {
              const number = Buffer.from(batch.value(i)).readUInt32BE()
              received.set(number, (received.get(number) ?? 0) + 1)
            }
          },
          onError: (kind) => errors.push(kind),
        },
        signal,
      )
      const close = () => consumer.close(AbortSignal.timeout(1000))
      stops.push(close)
      return close
    },
    /** Sends so many messages and waits until the gateway has answered. */
    async send(count: number) {
      const values = Array.from({ length: count }, (_, i) => {
        const value = Buffer.alloc(200)
        value.writeUInt32BE(sent + i)
        return value
      })
      expect(producer.send({ firstSequence: sent, count, partition: -1, values, keys: null })).toBe(count)
      sent += count
      producer.flush()
      await pollUntil('answers', WAIT_MS, () => outcomes.size === sent)
    },
    acknowledged: () => [...outcomes].flatMap(([one, outcome]) => (outcome === 'acknowledged' ? [one] : [])),
    all: () => [...outcomes.values()],
  }
}

test(
  'the sink is away for a while: nothing acknowledged is lost, and all is masked',
  async () => {
    const it = await harness(await localGateway())
    const stopSink = await it.consume()
    await it.send(500)
    await pollUntil('the first messages', WAIT_MS, () => it.received.size === 500)
    await stopSink()
    await it.send(500)
    expect(it.received.size).toBe(500)
    await it.consume()
    await pollUntil('what the gateway kept', WAIT_MS, () => it.received.size === 1000)
    expect(it.acknowledged()).toHaveLength(1000)
    expect(it.errors).toEqual([])
  },
  LIMIT_MS,
)

test(
  'a gateway that is killed loses what it had acknowledged, refuses while it is away, and works after its restart',
  async () => {
    const gateway = await localGateway()
    const [node] = gateway.broker.nodes
    const it = await harness(gateway)
    // No sink yet: everything stays in the gateway's memory.
    await it.send(500)
    expect(it.acknowledged()).toHaveLength(500)
    await node!.kill()
    await it.send(100)
    expect(new Set(it.all().slice(500))).toEqual(new Set(['rejected']))
    await it.consume()
    await node!.restart(AbortSignal.timeout(WAIT_MS))
    await it.send(300)
    await pollUntil('the last messages', WAIT_MS, () => it.received.size >= 300)
    const lost = it.acknowledged().filter((one) => !it.received.has(one))
    expect(lost).toHaveLength(500)
    expect(it.acknowledged()).toHaveLength(800)
  },
  LIMIT_MS,
)

test(
  'a gateway without its rules: every record is told as not masked',
  async () => {
    const it = await harness(await localGateway({ environment: { GATEWAY_MASKING_ENABLED: 'false' } }))
    await it.consume()
    await it.send(250)
    await pollUntil('the messages', WAIT_MS, () => it.received.size === 250)
    expect(it.errors).toEqual(Array.from({ length: 250 }, () => 'tenant_id not masked'))
  },
  LIMIT_MS,
)
