// Goal: driver files mean what they say: defaults, contradictions refused, OMB's fields translated, secrets named.
// Method: examples, one for each rule; OMB's stock file by value.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { rabbitmqConfigSchema } from '../../../src/drivers/rabbitmq/rabbitmq-config.ts'
import { driverModule } from '../../../src/drivers/rabbitmq/rabbitmq-driver.ts'
import { rabbitmqEntry } from '../../../src/drivers/rabbitmq/rabbitmq-entry.ts'

const problems = (raw: unknown) =>
  rabbitmqConfigSchema
    .safeParse(raw)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

test('an empty driver file is a replicated, confirmed, acknowledged setup', () => {
  const config = rabbitmqConfigSchema.parse({})
  expect(config).toMatchObject({ queueType: 'quorum', confirms: true, ackMode: 'manual', persistent: true })
  expect(driverModule.capabilities(config)).toMatchObject({ delivery: 'at-least-once', orderDomain: 'queue' })
})

test('contradictions are refused by name', () => {
  expect(problems({ queueTyp: 'classic' })).toHaveLength(1)
  expect(problems({ prefetch: 0 })).toHaveLength(1)
  expect(problems({ password: 'a', passwordEnv: 'B' })?.[0]).toContain('passwordEnv: expected password or')
  expect(problems({ queueType: 'stream', ackMode: 'auto' })?.[0]).toContain('ackMode: expected manual')
  expect(problems({ queueType: 'classic', quorumGroupSize: 3 })?.[0]).toContain('quorumGroupSize')
  expect(problems({ queueType: 'quorum', persistent: false })?.[0]).toContain('persistent: expected true')
})

test('capabilities follow the settings', () => {
  const of = (raw: unknown) => driverModule.capabilities(rabbitmqConfigSchema.parse(raw))
  expect(of({ confirms: false }).delivery).toBe('at-most-once')
  expect(of({ ackMode: 'auto' })).toMatchObject({ delivery: 'at-most-once', redelivers: false })
  expect(of({ queueType: 'stream' })).toMatchObject({ replay: true, redelivers: false, sharedStreams: false })
  expect(of({ competingConsumers: false })).toMatchObject({ sharedStreams: false, orderDomain: 'partition' })
})

test("OMB's stock file is understood", () => {
  const { config, servers, ignored } = rabbitmqEntry.fromOmb({
    producerCreationDelay: 100,
    producerCreationBatchSize: 5,
    consumerCreationDelay: 100,
    consumerCreationBatchSize: 5,
    amqpUris: ['amqp://localhost'],
    messagePersistence: false,
    queueType: 'QUORUM',
  })
  expect(servers).toEqual(['localhost:5672'])
  expect(rabbitmqConfigSchema.parse(config)).toMatchObject({ queueType: 'quorum', persistent: true })
  expect(ignored.map((line) => line.split(':')[0])).toEqual([
    'producerCreationDelay',
    'producerCreationBatchSize',
    'consumerCreationDelay',
    'consumerCreationBatchSize',
    'messagePersistence',
  ])
})

test("OMB's URIs carry user, password, virtual host and TLS", () => {
  const { config, servers, ignored } = rabbitmqEntry.fromOmb({
    amqpUris: ['amqps://me:p%40ss@one/my%2Fhost', 'amqps://you@two:5999'],
    messagePersistence: true,
  })
  expect(servers).toEqual(['one:5671', 'two:5999'])
  expect(config).toEqual({
    username: 'me',
    password: 'p@ss',
    tls: true,
    vhost: 'my/host',
    persistent: true,
    queueType: 'classic',
  })
  expect(ignored).toHaveLength(1)
  expect(rabbitmqEntry.secretKeys).toEqual(['password'])
})

test("what OMB's file has wrong is left for the schema to name", () => {
  const { config } = rabbitmqEntry.fromOmb({ amqpUris: 'amqp://localhost', queueTyp: 'QUORUM' })
  expect(problems(config)?.[0]).toContain('amqpUris')
  expect(problems(config)?.[0]).toContain('queueTyp')
})

test('the shipped driver files are valid and mean what their names say', () => {
  const folder = join(import.meta.dir, '../../../workloads/drivers')
  const shipped = { rabbitmq: 'quorum', 'rabbitmq-classic': 'classic', 'rabbitmq-stream': 'stream' } as const
  for (const [file, queueType] of Object.entries(shipped)) {
    const { name, driver, ...rest } = parse(readFileSync(join(folder, `${file}.yaml`), 'utf8'))
    expect(driver).toBe('rabbitmq')
    expect(name).toStartWith('RabbitMQ')
    const config = rabbitmqConfigSchema.parse(rest)
    expect(config.queueType).toBe(queueType)
    expect(driverModule.capabilities(config).delivery).toBe('at-least-once')
  }
})
