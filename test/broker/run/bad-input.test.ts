// Goal: what goes wrong between a run and a real broker gets a clear sentence, its documented exit code, and leaves
// nothing running. Method: the command line against one real RabbitMQ with users and one real Kafka with ACLs.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../../src/brokers/broker.ts'
import { freePorts } from '../../../src/brokers/process/index.ts'
import { localBrokerProvider } from '../../../src/brokers/registry.ts'
import type { ExperimentResult } from '../../../src/result/result.ts'
import { benchHome, type Finished, ROOT, type RunOptions } from '../../support/bench.ts'
import { skipLoudly } from '../../support/skip.ts'

const UP_LIMIT_MS = 240_000
const LIMIT_MS = 120_000
const PREPARE_LIMIT_MS = 15_000
const SHORT = join(ROOT, 'test/support/short.yaml')
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')

const home = benchHome()
const folder = mkdtempSync(join(tmpdir(), 'bench-bad-input-'))
const brokers: LocalBroker[] = []

async function broker(name: string, extra: Record<string, unknown>): Promise<LocalBroker> {
  const provider = await localBrokerProvider(name)
  const directory = join(folder, name)
  mkdirSync(directory)
  const up = await provider.up(
    { topology: 'single', profile: 'quick', directory, extra, log: () => {} },
    new AbortController().signal,
  )
  brokers.push(up)
  return up
}

function driverFile(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function refused(
  driver: string,
  exitCode: number,
  says: readonly (string | RegExp)[],
  options: RunOptions = {},
): Promise<Finished> {
  const finished = await home.run(['run', SHORT, '--drivers', driver], options)
  expect(finished).toMatchObject({ exitCode })
  for (const sentence of says) expect(finished.stderr).toMatch(sentence)
  expect(await home.leftovers()).toEqual([])
  return finished
}

async function latest(): Promise<ExperimentResult> {
  return await Bun.file(join(home.path, 'latest/result.json')).json()
}

afterAll(async () => {
  for (const each of brokers) await each.down()
  rmSync(folder, { recursive: true, force: true })
  home.remove()
}, UP_LIMIT_MS)

describe('RabbitMQ', () => {
  let server: string
  beforeAll(async () => {
    const permissions = [{ vhost: '/', configure: '^nothing$', write: '.*', read: '.*' }]
    const users = [{ name: 'reader', password: 'reader-word', permissions }]
    server = (await broker('rabbitmq', { users })).servers[0]!
  }, UP_LIMIT_MS)

  test(
    'a wrong password',
    async () => {
      const text = `name: r\ndriver: rabbitmq\nservers: [${server}]\nusername: guest\npassword: wrong-word\n`
      const finished = await refused(driverFile('wrong-password.yaml', text), 4, [server, /password/])
      expect(`${finished.stdout}${finished.stderr}${JSON.stringify(await latest())}`).not.toContain(
        'wrong-word',
      )
    },
    LIMIT_MS,
  )

  test(
    'a topic that the user may not make',
    async () => {
      const text = `name: r\ndriver: rabbitmq\nservers: [${server}]\nusername: reader\npassword: reader-word\n`
      await refused(driverFile('forbidden.yaml', text), 4, [/permission|refused|access/i, /bench-/])
    },
    LIMIT_MS,
  )
})

describe('Kafka', () => {
  let kafka: LocalBroker
  beforeAll(async () => {
    kafka = await broker('kafka', { users: { admin: 'admin-word', alice: 'alice-word' }, acls: true })
  }, UP_LIMIT_MS)

  const file = (name: string, user: string, password: string, more = '') =>
    driverFile(
      name,
      `name: k\ndriver: kafka\nservers: [${kafka.settings['sasl.servers']}]\n` +
        `sasl: {mechanism: PLAIN, username: ${user}, password: ${password}}\n${more}`,
    )

  test(
    'a wrong password',
    async () => {
      const finished = await refused(file('k-wrong.yaml', 'admin', 'wrong-word'), 4, [
        /refused the user or password/,
      ])
      expect(`${finished.stdout}${finished.stderr}${JSON.stringify(await latest())}`).not.toContain(
        'wrong-word',
      )
    },
    LIMIT_MS,
  )

  test(
    'a topic that an ACL forbids',
    async () => {
      await refused(file('k-acl.yaml', 'alice', 'alice-word'), 4, [/does not allow this user/, /bench-/])
    },
    LIMIT_MS,
  )

  test(
    'more replicas than brokers: a topic that cannot be made',
    async () => {
      const more = 'replicationFactor: 3\n'
      await refused(file('k-replicas.yaml', 'admin', 'admin-word', more), 4, [
        /replication ?factor 3|3 replicas|3 brokers/i,
      ])
    },
    LIMIT_MS,
  )
})

describe('no server', () => {
  test.each(['kafka', 'kafka:kafkajs', 'rabbitmq'])(
    '%s: nobody listens',
    async (token) => {
      const [name, client] = token.split(':')
      const [port] = await freePorts(1)
      const path = driverFile(
        `${name}-none.yaml`,
        `name: n\ndriver: ${name}\nservers: ['127.0.0.1:${port}']\n`,
      )
      const startMs = performance.now()
      await refused(client === undefined ? path : `${path}:${client}`, 4, [`127.0.0.1:${port}`])
      expect(performance.now() - startMs).toBeLessThan(PREPARE_LIMIT_MS)
    },
    LIMIT_MS,
  )

  test(
    'no Java, no Maven, no package manager: the side is reported, the others go on',
    async () => {
      const env = { PATH: '/nowhere', JAVA_HOME: undefined, BENCH_CACHE: join(folder, 'empty-cache') }
      const finished = await home.run(['run', SHORT, '--drivers', `kafka,${FAKE}`], { env })
      expect([9, 6]).toContain(finished.exitCode)
      expect(finished.stderr).toMatch(/java|openjdk/i)
      const result = await latest()
      expect(result.partial).toContain('kafka')
      expect(result.sides[0]!.error!.message).toMatch(/java|openjdk/i)
      expect(result.sides[1]!.trials).toHaveLength(1)
      await refused('kafka', 4, [/openjdk/], { env })
    },
    LIMIT_MS,
  )
})

test(
  'a full disk: said plainly, and nothing is left running',
  async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    if (Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).exitCode !== 0) {
      skipLoudly('a full disk under BENCH_HOME: needs root to mount a small tmpfs')
      return
    }
    try {
      const finished = await home.run(['run', SHORT, '--drivers', FAKE], { env: { BENCH_HOME: disk } })
      expect(finished.exitCode).toBe(1)
      expect(finished.stderr).toContain(disk)
      expect(finished.stderr).toMatch(/space|full/i)
      expect(finished.stderr).not.toContain('defect of bench')
    } finally {
      Bun.spawnSync(['umount', '-l', disk])
    }
  },
  LIMIT_MS,
)
