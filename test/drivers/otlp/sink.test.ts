// Goal: the sink tells what came and what should not have: unmasked values, other topics, bytes that are no OTLP.
// Method: requests built by hand are posted to a real sink over HTTP.
import { afterEach, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { itemEncoder } from '../../../src/drivers/otlp/otlp-items.ts'
import { openDriver, scriptedHttp, until } from './rig.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const MASKED = { attributes: { tenant_id: 'tenant-0001' }, maskedAttributes: ['tenant_id'] }

/** A request of a topic whose records carry this tenant. */
function request(topic: string, tenant: string, messages: readonly string[]): Uint8Array<ArrayBuffer> {
  const config = otlpConfigSchema.parse({ attributes: { tenant_id: tenant } })
  const values = messages.map((message) => Buffer.from(message))
  return itemEncoder(topic, config).encode(values, 0, values.length, 1n, null) as Uint8Array<ArrayBuffer>
}

async function startSink(settings: Readonly<Record<string, unknown>> = MASKED) {
  const server = scriptedHttp(() => new Response(null))
  const driver = await openDriver([server.server], settings)
  const made = await driver.consumer()
  stops.push(server.stop, driver.close, () => made.consumer.close(AbortSignal.timeout(1000)))
  const post = async (body: Uint8Array<ArrayBuffer>, headers = {}, path = '/v1/logs') =>
    await fetch(driver.sinkUrl(path), { method: 'POST', body, headers })
  // Ready a turn after it was made.
  await new Promise(setImmediate)
  return { ...made, post, driver }
}

test('messages come out as they went in, joined requests and gzip included', async () => {
  const { post, messages, errors } = await startSink()
  const joined = Buffer.concat([
    request('topic', '##########', ['a', 'b']),
    request('topic', '##########', ['c']),
  ])
  expect((await post(joined)).status).toBe(200)
  expect((await post(gzipSync(joined), { 'content-encoding': 'gzip' })).status).toBe(200)
  expect(messages).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  expect(errors).toEqual([])
})

test.each([
  ['tenant-0001', 2],
  ['x-tenant-0001-x', 2],
  ['###########', 0],
  ['', 0],
])('tenant %p: %d records not masked', async (tenant, count) => {
  const { post, messages, errors } = await startSink()
  await post(request('topic', tenant, ['a', 'b']))
  expect(messages).toEqual(['a', 'b'])
  expect(errors).toEqual(Array.from({ length: count }, () => 'tenant_id not masked'))
})

test('records of others are taken and passed over', async () => {
  const { post, messages } = await startSink()
  expect((await post(request('other', '', ['a']))).status).toBe(200)
  expect((await post(request('topic', '', ['b']), {}, '/v1/traces')).status).toBe(200)
  expect((await post(request('topic', '', ['c']), {}, '/v1/elsewhere')).status).toBe(404)
  expect(messages).toEqual([])
})

test('what is not OTLP is refused, and what is left of it counted', async () => {
  const { post, messages, errors } = await startSink()
  expect((await post(Buffer.from('hello')))?.status).toBe(400)
  expect((await post(Buffer.from('hello'), { 'content-encoding': 'gzip' })).status).toBe(400)
  expect((await post(new Uint8Array(0))).status).toBe(200)
  expect([messages, errors]).toEqual([[], []])
})

test('a record without its message is told and handed on as damaged', async () => {
  const { post, messages, errors } = await startSink({ item: 'span', messageAttribute: 'other.name' })
  const config = otlpConfigSchema.parse({ item: 'span' })
  const body = itemEncoder('topic', config).encode([Buffer.from('a')], 0, 1, 1n, null)
  await post(body as Uint8Array<ArrayBuffer>, {}, '/v1/traces')
  expect(messages).toEqual([''])
  expect(errors).toEqual(['record without its message'])
})

test('a paused consumer holds requests until it goes on, and refuses when that takes too long', async () => {
  const { post, messages, consumer } = await startSink()
  consumer.pause()
  const refused = await post(request('topic', '', ['a']))
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(messages).toEqual([])
  const held = post(request('topic', '', ['b']))
  setTimeout(() => consumer.resume(), 20)
  expect((await held).status).toBe(200)
  expect(messages).toEqual(['b'])
})

test('who closes while it is paused refuses what waits', async () => {
  const { post, messages, consumer, driver } = await startSink()
  const other = await driver.consumer({ topic: 'other' })
  stops.push(() => other.consumer.close(AbortSignal.timeout(1000)))
  consumer.pause()
  const held = post(request('topic', '', ['a']))
  setTimeout(() => void consumer.close(AbortSignal.timeout(1000)), 20)
  expect((await held).status).toBe(503)
  expect(messages).toEqual([])
})

test('who pauses over a part of a request gets the rest of it', async () => {
  const { post, messages, driver, consumer } = await startSink()
  await consumer.close(AbortSignal.timeout(1000))
  const got: string[] = []
  const second = await driver.consumer({
    onBatch(batch) {
      got.push(Buffer.from(batch.value(0)).toString())
      second.consumer.pause()
    },
  })
  stops.push(() => second.consumer.close(AbortSignal.timeout(1000)))
  await new Promise(setImmediate)
  const joined = Buffer.concat([request('topic', '', ['a']), request('topic', '', ['b'])])
  expect((await post(joined)).status).toBe(200)
  expect((await post(joined)).status).toBe(503)
  expect([messages, got]).toEqual([[], ['a', 'b']])
})

test('a port that is taken is named; one that is shared is not', async () => {
  const { driver } = await startSink()
  const { sinkHttpPort, sinkGrpcPort } = driver.config
  const gateway = scriptedHttp(() => new Response(null))
  stops.push(gateway.stop)
  const second = await openDriver([gateway.server], { sinkHttpPort, sinkGrpcPort })
  stops.push(second.close)
  const thrown = await second.consumer().catch((error) => error)
  expect(thrown.code).toBe('PREPARE')
  expect(thrown.message).toContain(String(sinkHttpPort))
})

test('several processes may share the ports', async () => {
  const gateway = scriptedHttp(() => new Response(null))
  const first = await openDriver([gateway.server], {})
  const { sinkHttpPort, sinkGrpcPort } = first.config
  const second = await openDriver([gateway.server], { sinkHttpPort, sinkGrpcPort })
  const made = [
    await first.consumer({ consumersOfSubscription: 2 }),
    await second.consumer({ consumersOfSubscription: 2, indexInSubscription: 1 }),
  ]
  stops.push(gateway.stop, first.close, second.close)
  for (const { consumer } of made) stops.push(() => consumer.close(AbortSignal.timeout(1000)))
  await new Promise(setImmediate)
  // Whoever of the two is asked.
  await fetch(first.sinkUrl('/v1/logs'), { method: 'POST', body: request('topic', '', ['a']) })
  await until('the message', () => made.some(({ messages }) => messages.length === 1))
})
