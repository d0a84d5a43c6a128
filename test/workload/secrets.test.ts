// Goal: no secret passes into a result, wherever it was written. Method: one secret in every kind of place, and a
// property test that a random one never survives.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { maskCredentials, maskLoose, maskSecrets, maskText, maskUris } from '../../src/workload/secrets.ts'

describe('masks', () => {
  test('values of keys that look secret, at any depth and of any type', () => {
    expect(
      maskSecrets({
        password: 'a',
        sasl: { oauthToken: 1, username: 'u', credentials: { any: ['b', { deep: true }] } },
        list: [{ clientSecret: 'c' }],
        empty: { password: null },
        lingerMs: 5,
      }),
    ).toEqual({
      password: '***',
      sasl: { oauthToken: '***', username: 'u', credentials: { any: ['***', { deep: '***' }] } },
      list: [{ clientSecret: '***' }],
      empty: { password: null },
      lingerMs: 5,
    })
  })

  test('not the names of places where a secret lies', () => {
    const places = { passwordEnv: 'KAFKA_PASSWORD', tokenFile: '/run/token', 'ssl.truststore.location': 'a' }
    expect(maskSecrets(places)).toEqual(places)
  })

  test('paths that the driver names', () => {
    expect(maskSecrets({ a: { pin: '1', b: 2 }, pin: 3 }, ['a.pin'])).toEqual({
      a: { pin: '***', b: 2 },
      pin: 3,
    })
  })

  test('properties text, continued lines included', () => {
    const text =
      '# note\nacks=all\nsasl.jaas.config=Login required \\\n  password="x y";\nssl.key.password = a b\n'
    expect(maskText(text)).toBe('acks=all\nsasl.jaas.config=***\nssl.key.password=***')
    expect(maskText('acks=all\nlinger.ms=1\n')).toBe('acks=all\nlinger.ms=1\n')
  })

  test('passwords of URIs, also strange ones and several in a text', () => {
    expect(maskText('amqp://u:p@h:1/v,amqps://u2:p@ss/w@h2')).toBe('amqp://u:***@h:1/v,amqps://u2:***@h2')
    expect(maskText('http://host:80/a@b')).not.toContain('undefined')
    expect(maskText('amqp://guest@host:5672')).toBe('amqp://guest@host:5672')
  })

  test('sentences and YAML keep everything else', () => {
    const reason = 'producerConfig.ssl.key.password: has no counterpart here, see http://u:p@h'
    expect(maskUris(reason)).toBe(
      'producerConfig.ssl.key.password: has no counterpart here, see http://u:***@h',
    )
    expect(maskLoose('# tokens\npassword: "a b" # c\nx: 1\n')).toBe('# tokens\npassword: "***" # c\nx: 1\n')
  })

  test('what is a secret by its own form, also in a sentence', () => {
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0x.c2lnbmF0dXJl'
    for (const mask of [maskText, maskLoose, maskCredentials]) {
      expect(mask(`before ${pem} after`)).toBe('before *** after')
      expect(mask(`refused ${token} here`)).toBe('refused *** here')
      expect(mask('sent Bearer abcdef0123456789== twice')).toBe('sent Bearer *** twice')
    }
    expect(maskCredentials('-----BEGIN PRIVATE KEY-----\nMIIE, cut off')).toBe('***')
    expect(maskCredentials('password: has no counterpart')).toBe('password: has no counterpart')
  })

  test('headers, whatever their scheme', () => {
    expect(maskLoose('headers: {authorization: Basic dXNlcjpwYXNz, x: 1}')).toBe(
      'headers: {authorization: ***, x: 1}',
    )
    expect(maskLoose('Authorization="Bearer a.b-c" next')).toBe('Authorization="***" next')
    expect(maskSecrets({ headers: { Authorization: 'Token x', cookie: 'id=1' } })).toEqual({
      headers: { Authorization: '***', cookie: '***' },
    })
  })

  test('a random password never survives, in any of the places', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9+/=!$%^*()]{8,30}$/)
    fc.assert(
      fc.property(word, (secret) => {
        const masked = JSON.stringify(
          maskSecrets({
            password: secret,
            uri: `amqp://u:${encodeURIComponent(secret)}@h`,
            raw: `amqp://u:${secret}@h`,
            properties: `a=1\nssl.keystore.password=${secret.replaceAll('\\', '')}\n`,
            jaas: `Login required password="${secret}";`,
            auth: { token: secret },
          }),
        )
        expect(masked).not.toContain(JSON.stringify(secret).slice(1, -1))
        expect(masked).not.toContain(encodeURIComponent(secret))
      }),
    )
  })
})
