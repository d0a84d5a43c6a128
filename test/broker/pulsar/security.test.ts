// Goal: tokens and TLS work through the whole driver, and every wrong setting ends with a sentence that says what to do.
// Method: a standalone with token authentication and a TLS listener; right, wrong, expired and powerless tokens, TLS to
// the plain port and the reverse, a strange certificate authority, a namespace that may not be made.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { signToken } from '../../../src/brokers/pulsar/pulsar-token.ts'
import type { Driver } from '../../../src/driver/driver.ts'
import { pulsarConfigSchema } from '../../../src/drivers/pulsar/pulsar-config.ts'
import { driverModule } from '../../../src/drivers/pulsar/pulsar-driver.ts'
import type { AppError } from '../../../src/errors/app-error.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'
import { roundTrip } from './round-trip.ts'

const LIMIT_MS = 60_000
const secret = randomBytes(32)
const { BENCH_RUNTIME } = process.env
let pulsar: LocalPulsar
beforeAll(async () => {
  process.env.BENCH_RUNTIME = 'native'
  pulsar = await localPulsar('single', { tokenSecret: secret.toString('base64'), tls: true })
}, UP_LIMIT_MS)
afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  await pulsar?.down()
}, UP_LIMIT_MS)

const signal = () => AbortSignal.timeout(LIMIT_MS)
const admin = () => signToken(secret, { subject: 'admin' })

function driverOf(settings: object, overTls = false): Driver {
  const { broker } = pulsar
  const brokers = overTls ? broker.settings['tls.servers']!.split(',') : broker.servers
  const config = pulsarConfigSchema.parse(settings)
  const servers = [...brokers, ...(broker.adminUrls ?? [])]
  return driverModule.create({ config, servers, namePrefix: 'x', log: () => {} })
}

const tls = () => ({ caFile: pulsar.broker.settings['tls.caFile']! })

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => null,
    (thrown: AppError) => thrown,
  )
  if (error === null) throw new Error('expected a refusal')
  return error
}

test(
  'a token lets us in, plain and over TLS',
  async () => {
    await roundTrip(driverOf({ token: admin() }), signal())
    await roundTrip(driverOf({ token: admin(), tls: tls() }, true), signal())
  },
  LIMIT_MS,
)

test(
  'no token, a wrong one and an expired one are told as such',
  async () => {
    const expired = signToken(secret, { subject: 'admin', expiresAtS: Math.floor(Date.now() / 1000) - 60 })
    const wrong = signToken(randomBytes(32), { subject: 'admin' })
    for (const settings of [{}, { token: wrong }, { token: expired }]) {
      const error = await refusal(driverOf(settings).open(signal()))
      expect(error.code).toBe('PREPARE')
      expect(error.message).toMatch(/authentication failed/)
      expect(error.hint).toMatch(/token/)
      expect(error.message).not.toContain(wrong)
    }
  },
  LIMIT_MS,
)

test(
  'a token without rights may not make a namespace',
  async () => {
    const driver = driverOf({ token: signToken(secret, { subject: 'nobody' }), namespace: 'other/space' })
    await driver.open(signal())
    const error = await refusal(
      driver.createTopics([{ name: 't', partitions: 1, subscriptions: [] }], signal()),
    )
    expect(error.message).toMatch(/got 40[13]/)
    expect(error.hint).toMatch(/administrator/)
    await driver.close(signal())
  },
  LIMIT_MS,
)

test(
  'TLS to the plain port, the reverse, and a strange authority are refused with a hint',
  async () => {
    const wrong = [
      driverOf({ token: admin(), tls: tls() }),
      driverOf({ token: admin() }, true),
      driverOf({ token: admin(), tls: {} }, true),
    ]
    for (const driver of wrong) {
      const error = await refusal(driver.open(signal()))
      expect(error.code).toBe('PREPARE')
      expect(error.hint).toMatch(/tls/)
    }
  },
  LIMIT_MS,
)
