// Goal: infrastructure.yaml and cluster files mean what they say: every default, every refusal at its place, nothing
// ignored in silence. Method: the shipped files, small ones written on the spot, and a system made for the test.
import { afterAll, describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { z } from 'zod'
import { instanceCount, labSystem } from '../../../src/brokers/lab-system.ts'
import { type LabConfigOptions, readLabConfig } from '../../../src/lab/config/lab-config.ts'
import { PRODUCT_FOLDER } from '../../../src/workload/product-folder.ts'
import { failureOf, testFolder } from '../../workload/files.ts'

const folder = testFolder()
afterAll(() => folder.remove())
let folders = 0

function written(infrastructure: string, clusters: Readonly<Record<string, string>> = {}): string {
  const name = `case-${++folders}`
  for (const [system, text] of Object.entries(clusters)) {
    folder.write(`${name}/${system}-cluster.yaml`, text)
  }
  return folder.write(`${name}/infrastructure.yaml`, infrastructure)
}

async function linesOf(file: string, options: LabConfigOptions = {}): Promise<string[]> {
  const error = await failureOf(readLabConfig(file, options))
  expect(error.code).toBe('CONFIG')
  return error.message.replaceAll(/\S*case-\d+\//g, '').split('\n')
}

/** The fields of the seed, with its values. */
const SEED_INFRASTRUCTURE = `experiment:
  id: "my-experiment"
  name: "My Pulsar Test"
  tags:
    team: "data-platform"
    owner: "john.doe"
    cost_center: "engineering"
pulsar_version: "3.0.0"
aws:
  region: "us-west-2"
  use_spot_instances: true
  spot_max_price: "0.05"
compute:
  zookeeper: { count: 3, instance_type: "t3.micro" }
  bookkeeper:
    count: 3
    instance_type: "t3.small"
    storage: { volume_size: 20, volume_type: "gp3" }
  broker: { count: 2, instance_type: "t3.small" }
  client: { count: 1, instance_type: "t3.small" }
`
const SEED_CLUSTER = `pulsar_version: "3.0.0"
zookeeper: { heap_size: "512M" }
bookkeeper: { heap_size: "768M", direct_memory_size: "512M" }
broker: { heap_size: "1G", managed_ledger_cache_size_mb: 256 }
`

describe('defaults', () => {
  test('a file of nothing but its region has all of them', async () => {
    const config = await readLabConfig(written('aws: {region: eu-central-1}\n'))
    expect(config).toMatchObject({
      id: null,
      name: 'benchmark',
      project: 'pulsar-aws-lab',
      ttlS: 4 * 3600,
      tags: {},
      aws: {
        region: 'eu-central-1',
        use_spot_instances: false,
        availability_zones: [],
        vpc_cidr: '10.0.0.0/16',
        architecture: 'x86_64',
      },
      client: { count: 1, instance_type: 't3.small', root_volume_size: 20 },
      notes: [],
    })
    expect(Object.keys(config.aws)).not.toContain('spot_max_price')
    expect(config.systems).toEqual([
      {
        name: 'pulsar',
        version: '4.0.8',
        variable: 'pulsar',
        value: {
          version: '4.0.8',
          zookeeper: {
            count: 3,
            instance_type: 't3.micro',
            root_volume_size: 10,
            heap_size: '512M',
            settings: {},
          },
          bookkeeper: {
            count: 3,
            instance_type: 't3.small',
            root_volume_size: 10,
            data_volume: { size: 20, type: 'gp3' },
            heap_size: '768M',
            direct_memory_size: '512M',
            settings: {},
          },
          broker: {
            count: 2,
            instance_type: 't3.small',
            root_volume_size: 10,
            heap_size: '1G',
            direct_memory_size: '512M',
            managed_ledger_cache_size_mb: 256,
            settings: {},
          },
        },
      },
    ])
    expect(config.machines.map(({ role, count }) => `${count} ${role}`)).toEqual([
      '3 zookeeper',
      '3 bookkeeper',
      '2 broker',
      '1 client',
    ])
  })

  test('the shipped files say the defaults, and nothing else', async () => {
    const shipped = await readLabConfig(resolve(PRODUCT_FOLDER, 'config/infrastructure.yaml'))
    const { file: _, ...bare } = await readLabConfig(written('aws: {}\n'))
    const { file: __, ...values } = shipped
    expect(values).toEqual(bare)
  })

  test('shipped cluster files of the other systems say their defaults', async () => {
    const systems = 'systems: [kafka, rabbitmq]\n'
    const text = async (path: string) => await Bun.file(resolve(PRODUCT_FOLDER, `config/${path}`)).text()
    const clusters = {
      kafka: await text('kafka-cluster.yaml'),
      rabbitmq: await text('rabbitmq-cluster.yaml'),
    }
    const shipped = await readLabConfig(written(systems, clusters))
    const bare = await readLabConfig(written(systems))
    expect(shipped.systems).toEqual(bare.systems)
    const storage = { data_volume: { size: 20, type: 'gp3' } }
    const nodes = { count: 3, instance_type: 't3.small', root_volume_size: 10, settings: {}, ...storage }
    expect(bare.systems.map(({ value }) => value)).toEqual([
      { version: '4.3.1', heap_size: '1G', ...nodes },
      { version: '4.3.1', memory_watermark: 0.6, ...nodes },
    ])
  })

  test('the files of the seed are read as they stand', async () => {
    const config = await readLabConfig(written(SEED_INFRASTRUCTURE, { pulsar: SEED_CLUSTER }))
    expect(config).toMatchObject({
      id: 'my-experiment',
      name: 'My Pulsar Test',
      tags: { team: 'data-platform', owner: 'john.doe', cost_center: 'engineering' },
      aws: { use_spot_instances: true, spot_max_price: '0.05' },
      notes: [],
    })
  })
})

describe('places of errors', () => {
  test('every problem of the file, at its line and column', async () => {
    const file = written(`experiment:
  nam: x
  ttl: 1s
aws:
  region: Oregon
  spot_max_price: 0
  vpc_cidr: 10.0.0.0/24
compute:
  zookeepr: {count: 3}
  zookeeper: {count: 2}
  bookkeeper: {storage: {volume_type: gp9}}
  client: {count: "1"}
pulsar_version: 3.0
`)
    expect(await linesOf(file)).toEqual([
      'infrastructure.yaml:2:3: expected a known key, got "nam" (did you mean name?)',
      'infrastructure.yaml:3:8: experiment.ttl: expected a duration from 10m to 168h, such as 4h, got "1s"',
      'infrastructure.yaml:5:11: expected aws.region to be a region like us-west-2, got "Oregon" (AWS region)',
      'infrastructure.yaml:6:19: aws.spot_max_price: expected a price above 0 like "0.05", in US dollars an hour, got 0',
      'infrastructure.yaml:7:13: aws.vpc_cidr: expected a range with a prefix of 16, got "10.0.0.0/24"',
      'infrastructure.yaml:9:3: expected a known key, got "zookeepr" (did you mean zookeeper?)',
      'infrastructure.yaml:10:22: expected compute.zookeeper.count to be one of 1, 3, 5, 7, got 2',
      expect.stringMatching(
        /^infrastructure\.yaml:11:39: expected compute\.bookkeeper\.storage\.volume_type to be one of gp3, io1, io2, got "gp9"/,
      ),
      'infrastructure.yaml:12:19: expected compute.client.count to be a whole number from 1 to 50, got "1"',
      expect.stringMatching(/^infrastructure\.yaml:13:17: expected pulsar_version to be .*, got 3/),
    ])
  })

  test('of a cluster file, and between the two files', async () => {
    const unknown = { pulsar: 'broker:\n  heap_sise: 1G\n' }
    expect(await linesOf(written('aws: {}\n', unknown))).toEqual([
      'pulsar-cluster.yaml:2:3: expected a known key, got "heap_sise" (did you mean heap_size?)',
    ])
    const cluster = { pulsar: 'pulsar_version: "3.1.0"\nbroker:\n  write_quorum: 4\n  ack_quorum: 5\n' }
    expect(await linesOf(written('pulsar_version: "3.0.0"\n', cluster))).toEqual([
      expect.stringMatching(
        /^pulsar-cluster\.yaml:1:17: expected pulsar_version as in .*infrastructure\.yaml \(3\.0\.0\), got 3\.1\.0/,
      ),
      'pulsar-cluster.yaml:3:17: expected write_quorum of at most ensemble_size (3), got 4 (lower it, or raise ensemble_size)',
      'pulsar-cluster.yaml:4:15: expected ack_quorum of at most write_quorum (4), got 5 (lower it, or raise write_quorum)',
    ])
  })

  test('copies are held against what is taken where they are not given: 3 bookies of 5', async () => {
    const bookies = 'compute: {bookkeeper: {count: 5}}\n'
    expect(await linesOf(written(bookies, { pulsar: 'broker: {write_quorum: 4}\n' }))).toHaveLength(1)
    const both = { pulsar: 'broker: {ensemble_size: 5, write_quorum: 4}\n' }
    expect((await readLabConfig(written(bookies, both))).systems).toHaveLength(1)
  })

  test.each([
    [
      'systems: [pulser]\n',
      /1:11: expected systems\[0\] to be one of pulsar, kafka, rabbitmq, otlp, got "pulser"/,
    ],
    ['systems: [kafka, kafka]\n', /1:10: systems: expected each system once/],
    ['systems: []\n', /1:10: expected systems to be a list of 1 to 4/],
    [
      'aws: {region: us-west-2, availability_zones: [us-east-1a]}\n',
      /expected a zone of us-west-2, got "us-east-1a"/,
    ],
    ['aws: {ssh: {key_name: k}}\n', /expected aws\.ssh\.cidr_blocks to be a list of 1 to 20, got nothing/],
    [
      'aws: {ssh: {key_name: k, cidr_blocks: [0.0.0.0/0]}}\n',
      /expected your own address, got the whole internet/,
    ],
    [
      'compute: {bookkeeper: {storage: {volume_type: io2}}}\n',
      /expected iops beside volume_type io1 or io2, got none/,
    ],
    ['experiment: {id: "Über"}\n', /expected experiment\.id to be 1 to 40 of a-z, 0-9 and -, got/],
    [
      'experiment: {tags: {cost_center: 0123}}\n',
      /expected experiment\.tags\.cost_center to be a text, got 123/,
    ],
    [
      'experiment: {tags: {Role: x}}\n',
      /1:21: expected a tag of your own, got "Role" \(Role is set for you\)/,
    ],
    ['experiment: []\n', /1:13: expected experiment to be a map of settings, got a list of 0/],
    ['a: &a {b: *a}\n', /infrastructure\.yaml:\d+:\d+: expected/],
    ['compute: &c {client: {count: 99999999999999999999}}\n', /expected compute\.client\.count/],
  ])('%s is refused', async (text, expected) => {
    const lines = await linesOf(written(text))
    expect(lines.join('\n')).toMatch(expected)
    for (const line of lines) expect(line).toMatch(/^\S+\.yaml:\d+:\d+: /)
  })

  test('a secret among settings is refused without its value', async () => {
    const file = written('systems: [otlp]\n', {
      otlp: 'settings: {OTLP_UPSTREAM_HEADERS: Basic abcdef, MY_TOKEN: hunter2}\n',
    })
    const text = (await linesOf(file)).join('\n')
    expect(text.match(/expected no secret/g)).toHaveLength(2)
    expect(text).not.toMatch(/abcdef|hunter2/)
  })
})

describe('what has no effect is told', () => {
  test('roles and versions of systems that are not set up, and a price without spot instances', async () => {
    const text =
      'systems: [kafka]\npulsar_version: "4.0.8"\naws: {spot_max_price: 0.05}\ncompute: {broker: {count: 1}}\n'
    const { notes } = await readLabConfig(written(text))
    expect(notes.map((note) => note.replace(/^\S+: /, ''))).toEqual([
      'pulsar_version has no effect: systems does not name pulsar',
      'compute.broker has no effect: systems does not name pulsar',
      'spot_max_price has no effect: use_spot_instances is not true',
    ])
  })
})

test('--tag goes over the tags of the file', async () => {
  const file = written('experiment: {tags: {team: a, owner: b}}\n')
  const { tags } = await readLabConfig(file, { tags: ['team=data=platform', 'cost-center='] })
  expect(tags).toEqual({ team: 'data=platform', owner: 'b', 'cost-center': '' })
  expect(await linesOf(file, { tags: ['TTL=never', 'Team=x'] })).toEqual([
    '--tag: expected a tag of your own, got "TTL" (TTL is set for you)',
    expect.stringMatching(/^--tag: expected tag keys that differ in more than case, got team and Team/),
  ])
})

test('a system brings its part, and nothing else needs to know of it', async () => {
  const demo = labSystem({
    name: 'demo',
    version: null,
    variable: 'demo_cluster',
    compute: {
      node: z
        .strictObject({
          count: instanceCount(3).default(2),
          instance_type: z.string().default('a.b'),
          root_volume_size: z.int().default(8),
        })
        .prefault({}),
    },
    cluster: { level: z.int().default(1) },
    value: ({ compute, cluster }) => ({ size: compute.node.count, ...cluster }),
  })
  const options = { systems: [demo] }
  const config = await readLabConfig(
    written('compute: {node: {count: 3}}\n', { demo: 'level: 7\n' }),
    options,
  )
  expect(config.systems).toEqual([
    { name: 'demo', version: null, variable: 'demo_cluster', value: { size: 3, level: 7 } },
  ])
  expect(await linesOf(written('demo_version: "1"\n'), options)).toHaveLength(1)
})
