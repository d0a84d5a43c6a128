// Goal: a secret of a driver file is masked by its value wherever a text repeats it, in any usual form, and nothing else
// is. Method: one secret in every kind of setting, and data of the shape of events and results that repeats it.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { DRIVERS } from '../../src/drivers/registry.ts'
import { secretHider } from '../../src/workload/secret-values.ts'

const SECRET = 'hunter2/&"é'
const hider = secretHider(
  [
    { driver: 'rabbitmq', config: { username: 'alice', password: SECRET } },
    { driver: 'kafka', config: { sasl: { username: 'bob', passwordEnv: 'KAFKA_PASSWORD_OF_TEST' } } },
    { driver: 'otlp', config: { headers: { 'x-tenant': 'tenant-4711' }, attributes: { color: 'orange' } } },
    {
      driver: 'pulsar',
      config: { token: 'token-of-pulsar', adminUrl: 'http://admin:p%40ssword1@host:8080' },
    },
  ],
  DRIVERS,
  { KAFKA_PASSWORD_OF_TEST: 'from-the-environment' },
)

test.each([
  ['as it is', SECRET],
  ['in an address', encodeURIComponent(SECRET)],
  ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['of an environment variable', 'from-the-environment'],
  ['of a header', 'tenant-4711'],
  ['a token', 'token-of-pulsar'],
  ['of an address', 'p%40ssword1'],
  ['of an address, decoded', 'p@ssword1'],
])('%s', (_form, secret) => {
  expect(hider.text(`refused ${secret} of alice`)).toBe('refused *** of alice')
})

test('free texts of data, and nothing that is a name or a word of ours', () => {
  const data = {
    kind: 'side-failed',
    side: 'tenant-4711',
    message: 'no tenant-4711 here',
    trials: [{ verdict: { measurement: 'valid', measurementReasons: ['for tenant-4711'] } }],
    notes: ['orange alice', 'token-of-pulsar'],
    counts: { sent: 4711 },
    nothing: null,
  }
  expect(hider.data(data)).toEqual({
    ...data,
    message: 'no *** here',
    trials: [{ verdict: { measurement: 'valid', measurementReasons: ['for ***'] } }],
    notes: ['orange alice', '***'],
  })
})

test('short passwords are words: they are left to the masks by name', () => {
  const short = secretHider([{ driver: 'rabbitmq', config: { password: 'guest' } }], DRIVERS, {})
  const data = { message: 'guest is refused' }
  expect(short.data(data)).toBe(data)
})

test('any secret of six letters and more, anywhere in a text', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 6, maxLength: 30 }),
      fc.string(),
      fc.string(),
      (secret, start, end) => {
        fc.pre(!'***'.includes(secret.trim()) && !secret.includes('*'))
        const one = secretHider([{ driver: 'rabbitmq', config: { password: secret } }], DRIVERS, {})
        const { message } = one.data({ message: `${start} ${secret} ${end}` })
        expect(message).not.toContain(secret)
      },
    ),
  )
})
