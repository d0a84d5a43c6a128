// Goal: choosing the official Pulsar client where it cannot be used is one sentence, as for any wrong configuration,
// before a broker starts; where it can, its settings mean what ours mean and what it cannot do is refused.
// Method: the command line with the addon taken away, the loader with what the runtime throws, the pure functions.
import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { ConsumerSpec, ProducerSpec } from '../../../src/driver/driver.ts'
import { asClientError, kindOf, outcomeOf } from '../../../src/drivers/pulsar/official/failures.ts'
import { loadLibrary, missingLibrary } from '../../../src/drivers/pulsar/official/library.ts'
import {
  clientSettings,
  consumerSettings,
  producerSettings,
} from '../../../src/drivers/pulsar/official/settings.ts'
import { pulsarConfigSchema } from '../../../src/drivers/pulsar/pulsar-config.ts'
import { benchHome, ROOT } from '../../support/bench.ts'

const LIMIT_MS = 60_000
const parse = (settings: object) => pulsarConfigSchema.parse({ client: 'pulsar-client', ...settings })
const home = benchHome()
afterAll(() => home.remove())

const ABSENT =
  'expected the native addon of the npm package pulsar-client, it is not there' +
  ' (run `npm rebuild pulsar-client` in the folder of bench, which downloads or builds it;' +
  ' or use client: native, which needs nothing)'

describe('where the addon is not there', () => {
  const env = { BUN_OPTIONS: `--preload=${join(ROOT, 'test/support/absent-pulsar-addon.ts')}` }
  for (const command of ['plan', 'run']) {
    test(
      `bench ${command} says so in one sentence and starts nothing`,
      async () => {
        const args = [command, 'workloads/simple-test.yaml', '--drivers', 'pulsar:pulsar-client']
        const { exitCode, stderr, stdout } = await home.run(args, { env })
        expect(stderr).toBe(`error: workloads/drivers/pulsar.yaml: pulsar:pulsar-client: ${ABSENT}\n`)
        expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
        expect(await home.leftovers()).toEqual([])
      },
      LIMIT_MS,
    )
  }
  test(
    'this machine, as it is, is told the truth',
    async () => {
      const missing = await missingLibrary()
      const args = ['plan', 'workloads/simple-test.yaml', '--drivers', 'pulsar:pulsar-client']
      const { exitCode, stderr } = await home.run(args)
      expect({ exitCode, stderr }).toEqual(
        missing === null
          ? { exitCode: 0, stderr: '' }
          : { exitCode: 3, stderr: expect.stringContaining(missing.what) },
      )
    },
    LIMIT_MS,
  )
  test(
    'the other client is not asked for it',
    async () => {
      const { exitCode } = await home.run(['plan', 'workloads/simple-test.yaml', '--drivers', 'pulsar'], {
        env,
      })
      expect(exitCode).toBe(0)
    },
    LIMIT_MS,
  )
})

test('each reason why it does not load has its sentence', async () => {
  const sentence = async (words: string) => {
    const missing = await missingLibrary(() => Promise.reject(new Error(words)))
    return missing === null ? null : `${missing.what} (${missing.hint})`
  }
  expect(await sentence("Cannot find module '/a/lib/binding/pulsar.node'\nRequire stack:\n- x")).toBe(ABSENT)
  expect(await sentence("Cannot find package 'pulsar-client' imported from /a/library.ts")).toMatch(
    /^expected the optional npm package pulsar-client, it is not installed \(.*bun install --frozen-lockfile/,
  )
  expect(await sentence("Cannot find module '@mapbox/node-pre-gyp'\nRequire stack")).toMatch(
    /it fails: Cannot find module '@mapbox\/node-pre-gyp' \(run `npm rebuild/,
  )
  expect(await sentence('/a/pulsar.node: file too short')).toMatch(
    /it fails: \/a\/pulsar.node: file too short/,
  )
  expect(await missingLibrary(() => Promise.resolve({}))).toBeNull()
  const refusal = await loadLibrary(() => Promise.reject(new Error('bad'))).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'CONFIG', exitCode: 3 })
})

test('what the package cannot do is refused by field', () => {
  const refused = (settings: object) =>
    pulsarConfigSchema
      .safeParse({ client: 'pulsar-client', ...settings })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  expect(refused({})).toEqual([])
  expect(refused({ connectionsPerBroker: 8 })).toEqual([
    'connectionsPerBroker: expected 1: client pulsar-client cannot change it',
  ])
  const others = [
    { keepAliveMs: 1000 },
    { verifyChecksums: false },
    { ackGroupMs: 0 },
    { ackGroupMessages: 1 },
    { operationTimeoutMs: 1500 },
    { batchDelayMs: 0 },
    { batchMessages: 1 },
  ]
  for (const settings of others) {
    const field = Object.keys(settings)[0]!
    expect(refused(settings)).toEqual([
      expect.stringMatching(new RegExp(`^${field}: expected .*pulsar-client`)),
    ])
    expect(pulsarConfigSchema.safeParse({ ...settings, client: 'native' }).success).toBe(true)
  }
  expect(refused({ tls: { serverName: 'x' } })).toEqual([
    expect.stringMatching(/^tls.serverName: expected none/),
  ])
  expect(refused({ batching: 'none', batchDelayMs: 0, batchMessages: 1 })).toEqual([])
})

test('our settings become those of the package', () => {
  class AuthenticationToken {
    readonly given: object
    constructor(given: object) {
      this.given = given
    }
  }
  const library = { AuthenticationToken, Client: class {} as never }
  const tls = { caFile: '/ca', certFile: '/cert', keyFile: '/key', rejectUnauthorized: false }
  const config = parse({ tls, operationTimeoutMs: 5000 })
  expect(clientSettings(library, ['a:1', 'b:2'], 'secret', config, 7000)).toMatchObject({
    serviceUrl: 'pulsar+ssl://a:1,b:2',
    authentication: { given: { token: 'secret' } },
    operationTimeoutSeconds: 5,
    connectionTimeoutMs: 7000,
    tlsTrustCertsFilePath: '/ca',
    tlsCertificateFilePath: '/cert',
    tlsPrivateKeyFilePath: '/key',
    tlsAllowInsecureConnection: true,
    tlsValidateHostname: false,
  })
  const plain = clientSettings(library, ['a:1'], null, parse({}), 7000)
  expect(plain).toMatchObject({ serviceUrl: 'pulsar://a:1' })
  expect(plain).not.toHaveProperty('authentication')

  const producer = { name: 'p' } as ProducerSpec
  const keyed = parse({
    batching: 'key',
    batchMessages: 9,
    batchBytes: 99,
    batchDelayMs: 3,
    compression: 'zstd',
  })
  expect(producerSettings(producer, keyed, 't')).toMatchObject({
    topic: 't',
    producerName: 'p',
    compressionType: 'ZSTD',
    batchingEnabled: true,
    batchingType: 'KeyBasedBatching',
    batchingMaxMessages: 9,
    batchingMaxAllowedSizeInBytes: 99,
    batchingMaxPublishDelayMs: 3,
  })
  expect(producerSettings(producer, parse({ batching: 'none' }), 't')).toMatchObject({
    batchingEnabled: false,
  })

  const consumer = { subscription: 's', startAt: 'latest' } as ConsumerSpec
  const shared = parse({ subscriptionType: 'key_shared', batching: 'none', receiverQueueSize: 5 })
  expect(consumerSettings(consumer, shared, 't', 'c')).toMatchObject({
    topic: 't',
    subscription: 's',
    subscriptionType: 'KeyShared',
    subscriptionInitialPosition: 'Latest',
    consumerName: 'c',
    receiverQueueSize: 5,
  })
})

test('failures of the package have our names, and what may have arrived is unknown', () => {
  const failure = (result: string) => kindOf(new Error(`Failed to send message: ${result}`))
  expect(failure('TimeOut')).toBe('timeout')
  expect(failure('MessageTooBig')).toBe('message too large')
  expect(failure('SomethingNew')).toBe('refused')
  expect(asClientError(new Error('Failed to create producer: TopicNotFound'))).toMatchObject({
    kind: 'topic not found',
    message: 'Failed to create producer: TopicNotFound',
  })
  expect(outcomeOf('timeout')).toBe('unknown')
  expect(outcomeOf('refused')).toBe('unknown')
  expect(outcomeOf('message too large')).toBe('rejected')
})
