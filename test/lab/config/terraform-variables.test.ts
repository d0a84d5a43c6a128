// Goal: every variable that bench gives to Terraform is declared there, with its type, and none that must be given is
// missing. Method: terraform/aws is read (a small reader of its variable blocks, tested here too) and held against the
// values of every system with every setting used.
import { afterAll, describe, expect, test } from 'bun:test'
import { join, resolve } from 'node:path'
import { readLabConfig } from '../../../src/lab/config/lab-config.ts'
import { terraformVariables, tfvarsJson } from '../../../src/lab/config/terraform-variables.ts'
import { PRODUCT_FOLDER } from '../../../src/workload/product-folder.ts'
import { skipLoudly } from '../../support/skip.ts'
import { testFolder } from '../../workload/files.ts'
import { misfits, readHclVariables, variableBlocks } from './hcl-variables.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const TERRAFORM = resolve(PRODUCT_FOLDER, 'terraform/aws')
const INPUTS = {
  experimentId: 'exp-20261121-101500',
  startedMs: Date.UTC(2026, 10, 21, 10, 15),
  benchArchive: '/x.tgz',
}

const STORAGE = 'storage: {volume_size: 100, volume_type: io2, iops: 4000}'
const EVERYTHING = `
experiment: {name: All of it, project: lab, ttl: 90m, tags: {team: x}}
systems: [pulsar, kafka, rabbitmq, otlp]
pulsar_version: "4.0.*"
kafka_image_id: ami-0123456789abcdef0
otlp_image_id: ami-0123456789abcdef0
aws:
  region: eu-central-1
  availability_zones: [eu-central-1a, eu-central-1b]
  architecture: arm64
  use_spot_instances: true
  spot_max_price: 0.05
  permissions_boundary: arn:aws:iam::123456789012:policy/bound
  ssh: {key_name: k, cidr_blocks: [203.0.113.7/32]}
compute:
  client: {count: 2, image_id: ami-0123456789abcdef0}
  bookkeeper: {count: 4, ${STORAGE}}
  kafka: {count: 5, storage: {throughput: 500}}
  rabbitmq: {count: 1, ${STORAGE}}
  gateway: {count: 2}
`
const CLUSTERS = {
  pulsar:
    'broker: {ensemble_size: 4, write_quorum: 3, ack_quorum: 2, settings: {loadBalancerEnabled: false}}\n',
  kafka: 'heap_size: 4G\nsettings: {num.io.threads: 8}\n',
  rabbitmq: 'settings: {channel_max: 100}\n',
  otlp: 'settings: {OTLP_QUEUE_SIZE: 5}\n',
}

async function everything() {
  for (const [name, text] of Object.entries(CLUSTERS)) folder.write(`${name}-cluster.yaml`, text)
  return await readLabConfig(folder.write('infrastructure.yaml', EVERYTHING))
}

describe('the variables', () => {
  test('of a bare configuration', async () => {
    const config = await readLabConfig(folder.write('bare/infrastructure.yaml', 'aws: {}\n'))
    const values = terraformVariables(config, { ...INPUTS, benchArchive: null })
    expect(values).toMatchObject({
      experiment_id: 'exp-20261121-101500',
      experiment_name: 'benchmark',
      expires_at: '2026-11-21T14:15:00Z',
      region: 'us-west-2',
      use_spot_instances: false,
    })
    for (const absent of ['spot_max_price', 'ssh', 'bench_archive', 'permissions_boundary', 'kafka']) {
      expect(Object.keys(values)).not.toContain(absent)
    }
  })

  test('of everything: prices and settings are texts, the same input gives the same text', async () => {
    const config = await everything()
    expect(config.notes).toEqual([])
    expect(terraformVariables(config, INPUTS)).toMatchObject({
      expires_at: '2026-11-21T11:45:00Z',
      spot_max_price: '0.05',
      pulsar: { version: '4.0.*', broker: { ack_quorum: 2, settings: { loadBalancerEnabled: 'false' } } },
      kafka: { version: '4.3.1', image_id: 'ami-0123456789abcdef0', settings: { 'num.io.threads': '8' } },
      rabbitmq: { data_volume: { size: 100, type: 'io2', iops: 4000 } },
      gateway: { count: 2, settings: { OTLP_QUEUE_SIZE: '5' } },
    })
    const text = tfvarsJson(config, INPUTS)
    expect(tfvarsJson(await everything(), INPUTS)).toBe(text)
    expect(JSON.parse(text)).toEqual(terraformVariables(config, INPUTS) as never)
  })
})

test('every value fits a variable of terraform/aws, and none that is needed is missing', async () => {
  const variables = readHclVariables(TERRAFORM)
  expect(variables.length).toBeGreaterThan(10)
  const values = terraformVariables(await everything(), INPUTS)
  const faults = Object.entries(values).flatMap(([name, value]) => {
    const variable = variables.find((candidate) => candidate.name === name)
    return variable === undefined ? [`${name}: not declared`] : misfits(value, variable.type, name)
  })
  expect(faults).toEqual([])
  const bare = await readLabConfig(folder.write('bare/infrastructure.yaml', 'aws: {}\n'))
  const given = Object.keys(terraformVariables(bare, { ...INPUTS, benchArchive: null }))
  const required = variables.filter((variable) => variable.required).map(({ name }) => name)
  expect(required.filter((name) => !given.includes(name))).toEqual([])
})

const noTerraform = Bun.which('terraform') === null && skipLoudly('no terraform on the PATH')
const LIMIT_MS = 120_000

test.skipIf(noTerraform)(
  'Terraform takes the values: its own types and validations, without a provider',
  async () => {
    const module = join(folder.path, 'module')
    folder.write('module/variables.tf', variableBlocks(TERRAFORM).join('\n'))
    const terraform = async (...args: string[]) => {
      const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
      const child = Bun.spawn(['terraform', ...args, '-input=false', '-no-color'], {
        cwd: module,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: LIMIT_MS,
      })
      const stderr = await new Response(child.stderr).text()
      return { exitCode: await child.exited, stderr }
    }
    const plan = async (text: string) => {
      folder.write('module/values.tfvars.json', text)
      return await terraform('plan', '-var-file=values.tfvars.json')
    }
    expect((await terraform('init')).exitCode).toBe(0)
    const shipped = await readLabConfig(resolve(PRODUCT_FOLDER, 'config/infrastructure.yaml'))
    const inputs = { ...INPUTS, benchArchive: null }
    for (const config of [shipped, await everything()]) {
      expect((await plan(tfvarsJson(config, inputs))).exitCode).toBe(0)
    }
    const wrong = await plan(tfvarsJson({ ...shipped, tags: { Role: 'x' } }, inputs))
    expect(wrong.exitCode).toBe(1)
    expect(wrong.stderr).toContain('expected names of your own')
  },
  LIMIT_MS,
)

test('the reader of variable blocks sees what is wrong', () => {
  const tf = `variable "a" {
  type = object({
    n = number
    o = optional(object({ s = optional(string, "x}") }), {})
    l = optional(list(map(string)), [])
  })
  default = null
}

variable "b" {
  type = string

  validation {
    condition = true
  }
}
`
  const file = folder.write('tf/main.tf', tf)
  const [a, b] = readHclVariables(join(file, '..'))
  expect([a!.required, b!.required]).toEqual([false, true])
  expect(misfits({ n: 1, o: { s: 'x' }, l: [{ k: 'v' }] }, a!.type, 'a')).toEqual([])
  expect(misfits({ o: { t: 1 }, l: [{ k: 2 }], m: 1 }, a!.type, 'a')).toEqual([
    'a.n: expected a value, got none',
    'a.o.t: expected a declared attribute',
    'a.l[0].k: expected string, got 2',
    'a.m: expected a declared attribute',
  ])
})
