// Goal: what tests ask of a local Pulsar is checked before anything starts; secrets stay in files of their owner, and
// tokens are what any JWT library takes. Method: real files, and WebCrypto as the other party of the signature.
import { afterAll, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseExtra, prepareSecurity } from '../../../src/brokers/pulsar/pulsar-extra.ts'
import {
  bookieSettings,
  brokerSettings,
  standaloneSettings,
} from '../../../src/brokers/pulsar/pulsar-settings.ts'
import { shownSettings } from '../../../src/brokers/pulsar/pulsar-shown.ts'
import { withFirstErrors } from '../../../src/brokers/pulsar/pulsar-start-errors.ts'
import { signToken } from '../../../src/brokers/pulsar/pulsar-token.ts'
import { AppError } from '../../../src/errors/app-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-pulsar-extra-'))
afterAll(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal
const secret = Buffer.alloc(32, 7)
const tokenSecret = secret.toString('base64')

test('what Pulsar does not know is refused before anything starts', () => {
  for (const extra of [{ tokens: true }, { tokenSecret: 'c2hvcnQ=' }, { ports: ['6650'] }]) {
    expect(() => parseExtra(extra)).toThrow(AppError)
    expect(() => parseExtra(extra)).toThrow('extra settings of Pulsar')
  }
})

test('a token is a JWT that another implementation verifies', async () => {
  const token = signToken(secret, { subject: 'app', expiresAtS: 1_700_000_000 })
  const [header = '', claims = '', signature = ''] = token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  expect(read(header)).toEqual({ alg: 'HS256' })
  expect(read(claims)).toEqual({ sub: 'app', exp: 1_700_000_000 })
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['verify'])
  const signed = Buffer.from(`${header}.${claims}`)
  const bytes = Buffer.from(signature, 'base64url')
  expect(await crypto.subtle.verify('HMAC', key, bytes, signed)).toBe(true)
})

test('secrets are in files only their owner reads; the settings name the files', async () => {
  const { settings, adminToken } = await prepareSecurity(parseExtra({ tokenSecret }), folder, never)
  const text = JSON.stringify(settings)
  expect(text).not.toContain(adminToken!)
  expect(text).not.toContain(tokenSecret)
  for (const [key, content] of [
    ['tokenSecretKey', secret.toString('latin1')],
    ['brokerClientAuthenticationParameters', adminToken!],
  ] as const) {
    const file = new URL(String(settings[key])).pathname
    expect(readFileSync(file, 'latin1')).toBe(content)
    expect(statSync(file).mode & 0o077).toBe(0)
  }
})

test('the TLS certificate is for loopback and signed by the authority that is told', async () => {
  const { settings, caFile } = await prepareSecurity(parseExtra({ tls: true }), folder, never)
  const authority = new X509Certificate(readFileSync(caFile!))
  const certificate = new X509Certificate(readFileSync(String(settings.tlsCertificateFilePath)))
  expect(certificate.verify(authority.publicKey)).toBe(true)
  expect(certificate.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost')
  // Pulsar reads no other form of a key.
  expect(readFileSync(String(settings.tlsKeyFilePath), 'utf8')).toStartWith('-----BEGIN PRIVATE KEY-----')
})

test('the result names changed settings, not their values', () => {
  const extra = parseExtra({ tokenSecret, configuration: { someSecret: 'word' } })
  const shown = JSON.stringify(shownSettings('quick', 'single', extra, '4.0.8'))
  expect(shown).toContain('someSecret')
  expect(shown).not.toContain('word')
  expect(shown).not.toContain(tokenSecret)
})

test('all that differs from the shipped configuration is in the result, but for where things are', () => {
  const node = { name: 'n', port: 1, dataFolder: '/d', logFile: '/l', configFile: '/c' }
  const plan = { ...node, webPort: 2, tlsPort: null, front: null, bookiePort: 3 }
  const extra = parseExtra({ journalSyncData: true })
  const where = /port|address|Url|Uri|zkServers|Director/i
  const files = {
    single: [standaloneSettings(plan, 'measured', extra)],
    cluster: [brokerSettings(plan, 4, 'measured'), bookieSettings(node, 4, 'measured', extra)],
  }
  for (const topology of ['single', 'cluster'] as const) {
    const shown = shownSettings('measured', topology, extra, '4.0.8')
    const listed = Object.entries(shown).flatMap(([name, value]) =>
      name.startsWith('changed in') ? value.split(', ') : [],
    )
    const set = files[topology].flatMap((file) => Object.entries(file))
    for (const [name, value] of set.filter(([name]) => !where.test(name)))
      expect(listed).toContain(`${name}=${value}`)
    expect(shown.journalSyncData).toStartWith('true')
    expect(shown.managedLedgerNewEntriesCheckDelayInMillis).toBe('0 (shipped: 10)')
  }
})

test('of a start that failed, the errors of the log are told, not the end of a stack trace', async () => {
  const logFile = join(folder, 'pulsar-1.log')
  const traces = Array.from({ length: 40 }, (_, i) => `\tat org.example.Class.method${i}(Class.java)`)
  const log = ['[x] WARN odd (a)', '[x] ERROR failed to start (b)', 'java.io.IOException: no port', ...traces]
  await Bun.write(logFile, [...log, 'Caused by: java.net.BindException: in use', ...traces].join('\n'))
  const plan = { name: 'pulsar-1', port: 1, dataFolder: '', logFile, configFile: '' }
  const told = withFirstErrors(new AppError('PREPARE', 'ended', { hint: 'look' }), plan) as AppError
  expect(told.message).toBe(
    'ended\nthe errors of pulsar-1:\n[x] ERROR failed to start (b)\njava.io.IOException: no port\n' +
      'Caused by: java.net.BindException: in use',
  )
  expect(told.hint).toBe('look')
  const other = new Error('not ours')
  expect(withFirstErrors(other, plan)).toBe(other)
})
