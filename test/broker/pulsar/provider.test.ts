// Goal: a local Pulsar, alone and as a cluster, comes up healthy, keeps what it acknowledged when its processes are
// killed and restarted, and goes down leaving only logs; what goes wrong at its start is said plainly.
// Method: real processes; messages by Pulsar's own WebSocket interface, so that no client of ours takes part.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { BrokerNode } from '../../../src/brokers/broker.ts'
import { isAlive, waitUntil } from '../../../src/brokers/process/index.ts'
import { accepts, isHealthy } from '../../../src/brokers/pulsar/pulsar-ask.ts'
import { pulsarProvider } from '../../../src/brokers/pulsar/pulsar-provider.ts'
import { signToken } from '../../../src/brokers/pulsar/pulsar-token.ts'
import { type LocalPulsar, localPulsar, UP_LIMIT_MS } from './local-pulsar.ts'
import { eventually, publish, read, webAddresses } from './web-socket.ts'

const { BENCH_RUNTIME } = process.env
beforeAll(() => {
  // A container keeps no data when it is killed.
  process.env.BENCH_RUNTIME = 'native'
})
afterAll(() => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
})

const LIMIT_MS = 150_000
const SHORT_MS = 2000
const limit = () => AbortSignal.timeout(LIMIT_MS)
const texts = (from: number, count: number) => Array.from({ length: count }, (_, i) => `message ${from + i}`)
const portOf = (address: string) => Number(address.split(':')[1])
const webPorts = ({ broker }: LocalPulsar) => webAddresses(broker).map(portOf)

async function restart(node: BrokerNode): Promise<void> {
  const { pid } = node
  await node.kill()
  expect(isAlive(pid)).toBe(false)
  await node.restart(limit())
  expect(isAlive(node.pid)).toBe(true)
  expect(node.pid).not.toBe(pid)
}

async function expectGone(pulsar: LocalPulsar): Promise<void> {
  const { nodes } = pulsar.broker
  await pulsar.broker.down()
  await pulsar.broker.down()
  expect(nodes.filter(({ pid }) => isAlive(pid))).toEqual([])
  expect(existsSync(join(pulsar.directory, 'data'))).toBe(false)
  expect(nodes.every(({ logFile }) => existsSync(logFile))).toBe(true)
  await pulsar.down()
}

describe('standalone', () => {
  let pulsar: LocalPulsar
  beforeAll(async () => {
    pulsar = await localPulsar('single')
  }, UP_LIMIT_MS)
  afterAll(() => pulsar?.down(), LIMIT_MS)

  test('it says what it is, and listens on loopback only', () => {
    const { broker } = pulsar
    expect(broker).toMatchObject({ name: 'pulsar', version: '4.0.8', runtime: 'native', topology: 'single' })
    expect(broker.nodes.map(({ bound }) => bound)).toEqual([...broker.servers])
    expect(broker.settings).toMatchObject({ profile: 'quick', 'ensemble/write/ack quorum': '1/1/1' })
    expect(broker.settings.journalSyncData).toStartWith('false')
    const addresses = listenAddresses(broker.nodes[0]!.pid)
    expect(addresses.length).toBeGreaterThanOrEqual(3)
    expect(addresses.filter((address) => !isLoopback(address))).toEqual([])
  })

  test(
    'halted it does not answer, continued it does',
    async () => {
      const [webPort = 0] = webPorts(pulsar)
      const node = pulsar.broker.nodes[0]!
      node.stop()
      await expect(isHealthy(webPort, null, AbortSignal.timeout(SHORT_MS))).rejects.toThrow()
      node.continue()
      expect(await eventually('health', () => isHealthy(webPort, null, limit()))).toBe(true)
    },
    LIMIT_MS,
  )

  test(
    'kill -9 and restart keep what was acknowledged; down leaves only logs',
    async () => {
      const [web = ''] = webAddresses(pulsar.broker)
      await publish(web, 'kept', texts(0, 20))
      await restart(pulsar.broker.nodes[0]!)
      await eventually('publishing', () => publish(web, 'kept', texts(20, 5)))
      expect(await eventually('reading', () => read(web, 'kept', 25))).toEqual(texts(0, 25))
      await expectGone(pulsar)
    },
    LIMIT_MS,
  )
})

test(
  'tokens: only a valid one is let in; TLS: the certificate is for loopback and of the authority told',
  async () => {
    const secret = Buffer.alloc(32, 9)
    const pulsar = await localPulsar('single', { tokenSecret: secret.toString('base64'), tls: true })
    try {
      const [webPort = 0] = webPorts(pulsar)
      expect(await isHealthy(webPort, signToken(secret, { subject: 'admin' }), limit())).toBe(true)
      const expired = signToken(secret, { subject: 'admin', expiresAtS: 1_700_000_000 })
      const foreign = signToken(Buffer.alloc(32, 1), { subject: 'admin' })
      for (const token of [null, expired, foreign])
        await expect(isHealthy(webPort, token, limit())).rejects.toThrow('got 401')
      const powerless = signToken(secret, { subject: 'app' })
      await expect(isHealthy(webPort, powerless, limit())).rejects.toThrow(/got 40[13]/)
      const { 'tls.servers': server = '', 'tls.caFile': caFile = '' } = pulsar.broker.settings
      await handshake(portOf(server), readFileSync(caFile, 'utf8'))
      await expect(handshake(portOf(server), undefined)).rejects.toThrow()
    } finally {
      await pulsar.down()
    }
  },
  UP_LIMIT_MS,
)

describe('cluster', () => {
  let pulsar: LocalPulsar
  beforeAll(async () => {
    pulsar = await localPulsar('cluster')
  }, UP_LIMIT_MS)
  afterAll(() => pulsar?.down(), LIMIT_MS)
  const node = (name: string) => pulsar.broker.nodes.find((each) => each.name === name)!

  test('each process is a node by its name; both brokers are healthy; all listen on loopback only', async () => {
    const { broker } = pulsar
    const names = ['broker-1', 'broker-2', 'bookie-1', 'bookie-2', 'bookie-3', 'zookeeper']
    expect(broker.nodes.map(({ name }) => name)).toEqual(names)
    expect(new Set(broker.nodes.map(({ pid }) => pid)).size).toBe(names.length)
    expect(broker.servers).toEqual(broker.nodes.slice(0, 2).map(({ bound }) => bound))
    expect(broker.settings['ensemble/write/ack quorum']).toBe('3/3/2')
    for (const port of webPorts(pulsar)) expect(await isHealthy(port, null, limit())).toBe(true)
    const addresses = broker.nodes.flatMap(({ pid }) => listenAddresses(pid))
    expect(addresses.filter((address) => !isLoopback(address))).toEqual([])
  })

  test(
    'a killed bookie stops no topic that is open, and comes back',
    async () => {
      const [web = ''] = webAddresses(pulsar.broker)
      await eventually('publishing', () => publish(web, 'bookie', ['first']))
      await node('bookie-1').kill()
      await publish(web, 'bookie', texts(0, 20))
      await node('bookie-1').restart(limit())
      expect(await eventually('reading', () => read(web, 'bookie', 21))).toEqual(['first', ...texts(0, 20)])
    },
    LIMIT_MS,
  )

  test(
    'a killed broker leaves its topics to the other one, and comes back; nothing acknowledged is lost',
    async () => {
      const [first = '', second = ''] = webAddresses(pulsar.broker)
      // Several topics, so that each broker owns some.
      const topics = ['a', 'b', 'c', 'd', 'e', 'f']
      await Promise.all(
        topics.map((topic) => eventually('publishing', () => publish(first, topic, texts(0, 5)))),
      )
      await node('broker-1').kill()
      for (const topic of topics)
        expect(await eventually(`reading ${topic}`, () => read(second, topic, 5))).toEqual(texts(0, 5))
      await node('broker-1').restart(limit())
      expect(await isHealthy(portOf(first), null, limit())).toBe(true)
      expect(await eventually('reading', () => read(first, 'a', 5))).toEqual(texts(0, 5))
    },
    LIMIT_MS,
  )

  test(
    'ZooKeeper comes back with its data; a bookie killed right after is not taken for alive by its old name',
    async () => {
      await restart(node('zookeeper'))
      const bookie = node('bookie-2')
      await restart(bookie)
      expect(await accepts(portOf(bookie.bound))).toBe(true)
      const [web = ''] = webAddresses(pulsar.broker)
      await eventually('publishing', () => publish(web, 'after', texts(0, 5)))
      expect(await eventually('reading', () => read(web, 'after', 5))).toEqual(texts(0, 5))
    },
    LIMIT_MS,
  )

  test('down ends all and leaves only logs', () => expectGone(pulsar), LIMIT_MS)
})

describe('a start that fails', () => {
  test(
    'a server that ends is quoted, and nothing is left',
    async () => {
      const configuration = { ledgerStorageClass: 'no.such.Storage' }
      const failure = await localPulsar('single', { configuration }).catch((error) => error)
      expect(failure.code).toBe('PREPARE')
      expect(failure.message).toContain('no.such.Storage')
      expect(failure.hint).toContain('pulsar-1.log')
    },
    UP_LIMIT_MS,
  )

  test('a taken port is named', async () => {
    const holder = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    try {
      const failure = await localPulsar('single', { ports: [holder.port] }).catch((error) => error)
      expect(failure.message).toContain(`expected port ${holder.port} of 127.0.0.1 to be free for pulsar`)
    } finally {
      holder.stop(true)
    }
  })

  test('without Java and a way to get it, that is said', async () => {
    const script = `
      const { pulsarProvider } = await import(${JSON.stringify(join(import.meta.dir, '../../../src/brokers/pulsar/pulsar-provider.ts'))})
      const options = { topology: 'single', profile: 'quick', directory: '/nonexistent', extra: {}, log() {} }
      const failure = await pulsarProvider.up(options, new AbortController().signal).catch((error) => error)
      console.log(JSON.stringify({ code: failure.code, message: failure.message }))`
    const env = { ...process.env, PATH: '/nonexistent', JAVA_HOME: '' }
    const child = Bun.spawn([process.execPath, '-e', script], { env, stderr: 'inherit' })
    const failure = JSON.parse(await new Response(child.stdout).text())
    expect(failure).toMatchObject({ code: 'MISSING_TOOL' })
    expect(failure.message).toContain('openjdk')
  })

  test(
    'an abort in the middle of a start leaves no process and no data',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'bench-pulsar-abort-'))
      const abort = new AbortController()
      const options = { topology: 'cluster', profile: 'quick', directory, log: () => {} } as const
      const up = pulsarProvider.up(options, abort.signal).catch((error) => error)
      const bookies = () => processesOf(directory).length >= 2
      const wait = { limitMs: 90_000, everyMs: 50, what: 'several processes' }
      await waitUntil(bookies, wait, limit())
      abort.abort(new Error('enough'))
      expect((await up).message).toBe('enough')
      expect(processesOf(directory)).toEqual([])
      expect(existsSync(join(directory, 'data'))).toBe(false)
      rmSync(directory, { recursive: true })
    },
    UP_LIMIT_MS,
  )
})

test('inspect names what Pulsar needs and changes nothing', async () => {
  const found = await pulsarProvider.inspect()
  const names = ['Java 17 or newer', 'Maven', 'Pulsar 4.0.8', 'container engine (optional)']
  expect(found.map(({ what }) => what)).toEqual(names)
})

/** Process ids whose command line names this folder. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`${directory}/`)
    } catch {
      return false
    }
  })
}

/** Local addresses (hexadecimal, as Linux tells them) at which a process listens. */
function listenAddresses(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
  const sockets = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''))
      .map((fields) => fields[1]!.split(':')[0]!),
  )
}

function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)]
  } catch {
    // It was closed meanwhile.
    return []
  }
}

/** 127.0.0.1, ::1 and ::ffff:127.0.0.1. */
function isLoopback(address: string): boolean {
  return /^(0100007F|0{24}01000000|0{16}FFFF00000100007F)$/.test(address)
}

function handshake(port: number, ca: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...(ca === undefined ? {} : { ca }) }, () => {
      socket.end()
      resolve()
    })
    socket.once('error', reject)
  })
}
