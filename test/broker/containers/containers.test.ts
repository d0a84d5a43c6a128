// Goal: a local broker in a container is the same broker: its settings arrive, its process is the server's, a kill takes
// its data with it and says so, and down leaves nothing. Method: the real providers with the engine of this machine and
// upstream's images, or stand-ins under their names (npm run proof:containers). Without an engine nothing is tried.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker, LocalBrokerProvider } from '../../../src/brokers/broker.ts'
import { CONTAINER_LABEL, containerEngine, hasImage } from '../../../src/brokers/container/index.ts'
import { KAFKA_IMAGE } from '../../../src/brokers/kafka/kafka-libraries.ts'
import { kafkaProvider } from '../../../src/brokers/kafka/kafka-provider.ts'
import { runCommand } from '../../../src/brokers/provision/index.ts'
import { PULSAR_IMAGE, PULSAR_VERSION } from '../../../src/brokers/pulsar/pulsar-install.ts'
import { pulsarProvider } from '../../../src/brokers/pulsar/pulsar-provider.ts'
import { RABBITMQ_IMAGE } from '../../../src/brokers/rabbitmq/rabbitmq-container.ts'
import { rabbitmqProvider } from '../../../src/brokers/rabbitmq/rabbitmq-provider.ts'
import { skipLoudly } from '../../support/skip.ts'

const UP_LIMIT_MS = 300_000
const never = new AbortController().signal
const engine = await containerEngine()
const asked = process.env.BENCH_RUNTIME
beforeAll(() => {
  process.env.BENCH_RUNTIME = 'container'
})
afterAll(() => {
  if (asked === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = asked
})

async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(
    { command: engine!.command, args, limitMs: 60_000 },
    never,
  )
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

interface Subject {
  readonly provider: LocalBrokerProvider
  readonly image: string
  /** Part of the command line of the server itself. */
  readonly server: RegExp
  /** Settings that only arrive when the container takes ours; throws or fails. */
  readonly check: (broker: LocalBroker) => Promise<void>
}

const SUBJECTS: readonly Subject[] = [
  {
    provider: kafkaProvider,
    image: KAFKA_IMAGE,
    server: /java .*-Xmx256m .*kafka\.Kafka/,
    check: async (broker) => {
      const { Admin, ConfigResourceTypes } = await import('@platformatic/kafka')
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...broker.servers] })
      const resource = { resourceType: ConfigResourceTypes.BROKER, resourceName: '1' }
      const [answer] = await admin.describeConfigs({ resources: [resource] })
      await admin.close()
      const values = Object.fromEntries(answer!.configs.map(({ name, value }) => [name, value]))
      expect(values).toMatchObject({
        'log.dirs': '/var/lib/kafka/data',
        'log.segment.bytes': '134217728',
        'log.retention.check.interval.ms': '30000',
        'auto.create.topics.enable': 'false',
        'offsets.topic.num.partitions': '1',
        'advertised.listeners': `PLAINTEXT://${broker.servers[0]}`,
      })
    },
  },
  {
    provider: rabbitmqProvider,
    image: RABBITMQ_IMAGE,
    server: /beam\.smp .*-S 1:1 /,
    check: async (broker) => {
      const watermark = 'application:get_env(rabbit, vm_memory_high_watermark).'
      const answer = await docker('exec', await containerOf('rabbitmq'), 'rabbitmqctl', 'eval', watermark)
      expect(answer).toContain(String(384 * 1_048_576))
      expect(broker.version).toMatch(/^\d+\.\d+\.\d+/)
    },
  },
  {
    provider: pulsarProvider,
    image: PULSAR_IMAGE,
    server: /java .*-Xmx512m .*PulsarStandalone/,
    check: async (broker) => {
      const admin = `${broker.adminUrls![0]}/admin/v2/brokers`
      expect(await (await fetch(`${admin}/version`)).text()).toContain(PULSAR_VERSION)
      const values = await (await fetch(`${admin}/configuration/runtime`)).json()
      expect(values).toMatchObject({
        advertisedAddress: '127.0.0.1',
        brokerDeleteInactiveTopicsEnabled: 'false',
        managedLedgerCacheSizeMB: '64',
        managedLedgerNewEntriesCheckDelayInMillis: '0',
      })
      const settings = await docker('exec', await containerOf('pulsar'), 'cat', 'conf/standalone.conf')
      // Of these one stands in the shipped file and the other does not; the last line of that is whole.
      expect(settings).toMatch(/^journalSyncData=false$/m)
      expect(settings).toMatch(/^listeningInterface=lo$/m)
      expect(settings).toMatch(/^compactionServiceFactoryClassName=[\w.]+\.PulsarCompactionServiceFactory$/m)
    },
  },
]

const filterOf = (name: string) => `label=${CONTAINER_LABEL}=${name}`

/** Name of the container of a broker. */
async function containerOf(broker: string): Promise<string> {
  const names = await docker('ps', '--filter', filterOf(broker), '--format', '{{.Names}}')
  return names.split('\n')[0] ?? ''
}

for (const { provider, image, server, check } of SUBJECTS) {
  const { name } = provider
  const reason =
    engine === null
      ? `${name} in a container: no container engine answers (npm run proof:containers brings its own, as root)`
      : `${name} in a container: ${engine.command} cannot get ${image}`
  const here = engine !== null && (await hasImage(engine, image, () => {}, never))
  describe.skipIf(!here && skipLoudly(reason))(`${name} in a container`, () => {
    // Made in a hook: the body of a group runs even when the group is skipped.
    let directory: string
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'bench-containers-'))
    })
    let broker: LocalBroker | null = null
    const up = async () => {
      const options = { topology: 'single', profile: 'quick', directory, log: () => {} } as const
      broker = await provider.up(options, AbortSignal.timeout(UP_LIMIT_MS - 10_000))
      return broker
    }
    afterEach(() => broker?.down(), UP_LIMIT_MS)
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    test(
      'its settings and process are the real ones; down leaves neither container nor volume',
      async () => {
        const volumes = await docker('volume', 'ls', '-q')
        const up1 = await up()
        expect(up1.runtime).toBe('container')
        expect(up1.settings.image).toMatch(new RegExp(`^${image} \\([0-9a-f]{12}\\)$`))
        const { pid, bound, advertised } = up1.nodes[0]!
        expect([bound, advertised]).toEqual([up1.servers[0]!, up1.servers[0]!])
        expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')).toMatch(server)
        await check(up1)
        await up1.down()
        await up1.down()
        expect(await docker('ps', '-aq', '--filter', filterOf(name))).toBe('')
        expect(await docker('volume', 'ls', '-q')).toBe(volumes)
      },
      UP_LIMIT_MS,
    )

    test(
      'killed, it cannot come back with its data, and says so; a cluster is refused',
      async () => {
        const up2 = await up()
        await up2.nodes[0]!.kill()
        const failure = await up2.nodes[0]!.restart(never).catch((error) => error)
        expect(failure.message).toContain('its container is gone')
        const options = { topology: 'cluster', profile: 'quick', directory, log: () => {} } as const
        const refusal = await provider.up(options, never).catch((error) => error)
        expect(refusal.code).toBe('MISSING_TOOL')
        expect(refusal.message).toContain('a cluster')
      },
      UP_LIMIT_MS,
    )
  })
}
