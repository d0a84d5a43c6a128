// Goal: what goes wrong between a run and a Pulsar gets one clear sentence with what to do and exit code 4 (or 3), tells
// no secret, and leaves nothing running. Method: the command line against one real standalone with tokens and TLS, and
// against servers that answer garbage.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../../src/brokers/process/index.ts'
import { signToken } from '../../../src/brokers/pulsar/pulsar-token.ts'
import { TYPE } from '../../../src/drivers/pulsar/client/wire/commands.ts'
import { type Peer, scriptedBroker } from '../../drivers/pulsar/scripted-broker.ts'
import { benchHome, ROOT } from '../../support/bench.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from '../pulsar/local-pulsar.ts'

const LIMIT_MS = 60_000
const SHORT = join(ROOT, 'test/support/short.yaml')

const secret = randomBytes(32)
const admin = signToken(secret, { subject: 'admin' })
const home = benchHome()
const folder = mkdtempSync(join(tmpdir(), 'bench-pulsar-bad-'))
const { BENCH_RUNTIME } = process.env
let pulsar: LocalPulsar
let plain: string
let overTls: string
let caFile: string
beforeAll(async () => {
  process.env.BENCH_RUNTIME = 'native'
  pulsar = await localPulsar('single', { tokenSecret: secret.toString('base64'), tls: true })
  plain = pulsar.broker.servers[0]!
  overTls = pulsar.broker.settings['tls.servers']!
  caFile = pulsar.broker.settings['tls.caFile']!
}, UP_LIMIT_MS)
afterAll(async () => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  await pulsar?.down()
  rmSync(folder, { recursive: true, force: true })
  home.remove()
}, UP_LIMIT_MS)

/** Runs with a driver file of these fields; what it said on the last `failed:` or `error:` line. */
async function complaint(server: string, fields: object, exitCode = 4, workload = SHORT): Promise<string> {
  const adminUrl = pulsar.broker.adminUrls![0]
  const path = join(folder, 'driver.yaml')
  writeFileSync(path, JSON.stringify({ name: 'p', driver: 'pulsar', servers: [server], adminUrl, ...fields }))
  const finished = await home.run(['run', workload, '--drivers', path])
  expect(finished).toMatchObject({ exitCode })
  expect(await home.leftovers()).toEqual([])
  const result = await Bun.file(join(home.path, 'latest/result.json'))
    .text()
    .catch(() => '')
  const { token } = fields as { token?: string }
  if (token !== undefined) expect(`${finished.stdout}${finished.stderr}${result}`).not.toContain(token)
  const said = finished.stderr.split('\n').filter((line) => /failed: |^error: /.test(line))
  expect(said).toHaveLength(1)
  return said[0]!
}

test(
  'no token, a wrong one, an expired one',
  async () => {
    const expired = signToken(secret, { subject: 'admin', expiresAtS: Math.floor(Date.now() / 1000) - 60 })
    const wrong = signToken(randomBytes(32), { subject: 'admin' })
    for (const fields of [{}, { token: wrong }, { token: expired }, { token: 'no token at all' }]) {
      const said = await complaint(plain, fields)
      expect(said).toContain(`expected Pulsar at ${plain} to answer, got authentication failed`)
      expect(said).toContain('check token (or tokenEnv) in the driver file')
    }
  },
  LIMIT_MS,
)

test(
  'TLS to the plain port, the reverse, a strange authority, an authority that is not there',
  async () => {
    const tlsToPlain = await complaint(plain, { token: admin, tls: { caFile } })
    expect(tlsToPlain).toMatch(/got TLS failed .*tls needs the TLS port/)
    expect(await complaint(overTls, { token: admin })).toMatch(/got connection lost .*needs tls/)
    expect(await complaint(overTls, { token: admin, tls: {} })).toMatch(/got TLS failed .*tls\.caFile/)
    const noFile = await complaint(overTls, { token: admin, tls: { caFile: join(folder, 'none.pem') } })
    expect(noFile).toMatch(/tls\.caFile .*none\.pem/)
  },
  LIMIT_MS,
)

test(
  'a namespace that is not there and may not be made, an admin interface that is none',
  async () => {
    const token = signToken(secret, { subject: 'nobody' })
    expect(await complaint(plain, { token, namespace: 'no/where' })).toMatch(/no.*got 40[13].*administrator/)
    const adminUrl = `http://${plain}`
    expect(await complaint(plain, { token: admin, adminUrl })).toMatch(/admin interface at .*set adminUrl/)
  },
  LIMIT_MS,
)

test(
  'messages over the limit of the broker',
  async () => {
    const big = join(folder, 'big.yaml')
    writeFileSync(big, JSON.stringify({ ...(await shortWorkload()), messageSize: 6_000_000 }))
    const said = await complaint(plain, { token: admin }, 3, big)
    expect(said).toMatch(/expected messages of at most \d+ bytes, got 6000000/)
  },
  LIMIT_MS,
)

async function shortWorkload(): Promise<object> {
  return Bun.YAML.parse(await Bun.file(SHORT).text()) as object
}

test(
  'nobody listens; the web port; garbage instead of an answer: random, oversized, cut',
  async () => {
    const [port] = await freePorts(1)
    expect(await complaint(`127.0.0.1:${port}`, {})).toMatch(/got connection refused .*broker is up/)
    const web = new URL(pulsar.broker.adminUrls![0]!).host
    expect(await complaint(web, {})).toMatch(/got protocol error .*not that of the web/)
    const garbage: [string, RegExp][] = [
      ['a3'.repeat(300), /got protocol error/],
      ['7fffffff00000004', /got protocol error .*2147483647/],
      ['000000200000001c08', /got connection lost/],
    ]
    for (const [hex, expected] of garbage) {
      const broker = scriptedBroker((_, peer) => {
        peer.write(Buffer.from(hex, 'hex'))
        peer.end()
        return true
      })
      try {
        expect(await complaint(`127.0.0.1:${broker.port}`, {})).toMatch(expected)
      } finally {
        broker.stop()
      }
    }
  },
  LIMIT_MS,
)

test(
  'a good greeting, and then garbage or silence: one sentence with the server, and no long wait',
  async () => {
    const answers: [(peer: Peer) => void, RegExp][] = [
      [(peer) => peer.write(Buffer.from('a3'.repeat(300), 'hex')), /got protocol error \(ADDRESS: /],
      [() => {}, /got timeout \(ADDRESS: expected an answer within 1500 ms\)/],
    ]
    for (const [answer, expected] of answers) {
      const broker = scriptedBroker(({ type }, peer) => {
        if (type === TYPE.LOOKUP) answer(peer)
        return type === TYPE.LOOKUP
      })
      const address = `127.0.0.1:${broker.port}`
      try {
        const said = await complaint(address, { token: admin, operationTimeoutMs: 1500 })
        expect(said.replaceAll(address, 'ADDRESS')).toMatch(expected)
      } finally {
        broker.stop()
      }
    }
  },
  LIMIT_MS,
)
