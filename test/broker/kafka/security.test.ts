// Goal: users, passwords, TLS and ACLs work with both clients, and each refusal is said plainly within the time limit.
// Method: one real broker with a SASL listener, a TLS listener with its own authority, and the standard authorizer.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/errors/app-error.ts'
import { harness, until, withDriver } from './harness.ts'
import { CLIENTS, kafkaDriver, type LocalKafka, localKafka, UP_LIMIT_MS } from './local-kafka.ts'

const PASSWORDS = { admin: 'admin-word', alice: 'alice-word' }
const LIMIT_MS = 60_000
const OPEN_LIMIT_MS = 15_000

let kafka: LocalKafka
beforeAll(async () => {
  kafka = await localKafka('single', { users: PASSWORDS, tls: true, acls: true })
}, UP_LIMIT_MS)
afterAll(() => kafka?.down(), UP_LIMIT_MS)

const sasl = (username: keyof typeof PASSWORDS, mechanism: string, password = PASSWORDS[username]) => ({
  sasl: { mechanism, username, password },
})
const saslServers = () => kafka.broker.settings['sasl.servers']!.split(',')
const tlsServers = () => kafka.broker.settings['tls.servers']!.split(',')

async function openError(settings: Record<string, unknown>, servers: readonly string[]): Promise<AppError> {
  const driver = kafkaDriver(settings, servers)
  const startMs = performance.now()
  const failure = await driver.open(AbortSignal.timeout(LIMIT_MS)).then(
    () => new Error('it opened'),
    (error: unknown) => error,
  )
  expect(performance.now() - startMs).toBeLessThan(OPEN_LIMIT_MS)
  await driver.close(AbortSignal.timeout(5000))
  expect(failure).toBeInstanceOf(AppError)
  return failure as AppError
}

for (const client of CLIENTS) {
  describe(`kafka security with ${client}`, () => {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      test(
        `${mechanism}: the right password works, a wrong one is named`,
        async () => {
          const driver = kafkaDriver({ client, ...sasl('admin', mechanism) }, saslServers())
          await withDriver(driver, async (signal) => {
            const it = await harness(driver, signal)
            it.send(3)
            await until('3 messages', () => it.received.size === 3)
          })
          const failure = await openError(
            { client, ...sasl('admin', mechanism, 'wrong-word') },
            saslServers(),
          )
          expect(failure.message).toContain('refused the user or password')
          expect(failure.message).toContain(saslServers()[0]!)
          expect(`${failure.message} ${failure.hint}`).not.toContain('wrong-word')
        },
        LIMIT_MS,
      )
    }

    test(
      'passwordEnv: the variable holds the password; without it the variable is named',
      async () => {
        const variable = 'BENCH_TEST_KAFKA_PASSWORD'
        const settings = { client, sasl: { mechanism: 'PLAIN', username: 'admin', passwordEnv: variable } }
        try {
          process.env[variable] = PASSWORDS.admin
          await withDriver(kafkaDriver(settings, saslServers()), async () => {})
          process.env[variable] = 'wrong-word'
          expect((await openError(settings, saslServers())).message).toContain('refused the user or password')
          delete process.env[variable]
          const failure = await openError(settings, saslServers())
          expect(failure.code).toBe('CONFIG')
          expect(failure.message).toContain(variable)
        } finally {
          delete process.env[variable]
        }
      },
      LIMIT_MS,
    )

    test(
      'TLS: the right authority works, without it the certificate is refused',
      async () => {
        const caFile = kafka.broker.settings['tls.caFile']!
        const failure = await openError({ client, tls: {} }, tlsServers())
        expect(failure.message).toContain('expected a TLS connection')
        // The TLS listener has no user: the authorizer lets nobody in, so opening must do.
        const driver = kafkaDriver({ client, tls: { caFile } }, tlsServers())
        await withDriver(driver, async () => {})
      },
      LIMIT_MS,
    )

    test(
      'a topic that an ACL forbids: making, writing and reading it are refused plainly',
      async () => {
        const admin = kafka.driver({ client })
        const alice = kafkaDriver({ client, ...sasl('alice', 'PLAIN') }, saslServers())
        await withDriver(admin, () =>
          withDriver(alice, async (signal) => {
            const making = await harness(alice, signal).catch((error) => error)
            expect(String(making)).toContain('does not allow this user')
            const using = await harness(alice, signal, { create: admin }).catch((error) => error)
            expect(String(using)).toContain('does not allow this user')
            expect(using.code).toBe('PREPARE')
          }),
        )
      },
      LIMIT_MS,
    )
  })
}
