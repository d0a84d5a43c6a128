// Goal: an experiment with every system keeps its promises on AWS: secrets nowhere, tags everywhere, boot texts that are
// sound and get every setting they read. Method: `terraform/aws` applied by Terraform itself against a mocked provider
// (the real one's schema); its state, outputs and user data are searched.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { skipLoudly } from '../support/skip.ts'
import { type MockedState, mockedState, userDataOf } from './mocked-state.ts'
import { findShellcheck } from './shellcheck.ts'
import { copyTerraform, providerMirror, ROOT } from './terraform.ts'
import { composeUserData, kafkaSettings } from './user-data.ts'

const LIMIT_MS = 300_000
const SECRETS = ['Correct-horse_battery1', 'ErlangCookieOfTheTest12345']
const VARIABLES = `
experiment_id      = "exp-20261121-101500"
experiment_name    = "all of them"
expires_at         = "2026-11-21T18:00:00Z"
region             = "eu-west-1"
tags               = { team = "data-platform" }
use_spot_instances = true
spot_max_price     = "0.05"
bench_archive      = "./main.tf"
pulsar             = {}
kafka              = {}
rabbitmq           = {}
gateway            = {}
rabbitmq_secrets   = { password = "${SECRETS[0]}", erlang_cookie = "${SECRETS[1]}" }
`
/** What AWS knows no tags for: they are properties of what is tagged. */
const UNTAGGED = new Set([
  'aws_route',
  'aws_route_table_association',
  'aws_iam_role_policy',
  'aws_s3_bucket_public_access_block',
  'aws_s3_bucket_server_side_encryption_configuration',
])

const signal = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'bench-experiment-'))
const mirror = Bun.which('terraform') === null ? null : providerMirror()
const missing =
  mirror === null &&
  skipLoudly(
    'no terraform with the AWS provider: put terraform on the PATH, and name a provider mirror by BENCH_TERRAFORM_MIRROR',
  )
const shellcheck = await findShellcheck(signal)
let state: MockedState = { resources: [], text: '' }

beforeAll(async () => {
  if (missing) return
  const copy = await copyTerraform(folder, mirror, signal)
  const init = await copy.run('aws', ['init', '-backend=false'])
  expect({ code: init.code, stderr: init.stderr }).toEqual({ code: 0, stderr: '' })
  state = await mockedState(copy, VARIABLES)
}, LIMIT_MS)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.skipIf(missing)('secrets stand neither in state, outputs nor user data', () => {
  expect(state.resources.length).toBeGreaterThan(80)
  for (const secret of SECRETS) {
    for (const form of [secret, btoa(secret), Bun.gzipSync(secret).toBase64()])
      expect(state.text).not.toContain(form)
  }
  // The parameters that hold them are there, so the search looked at the right place.
  expect(state.text).toContain('/bench/exp-20261121-101500/rabbitmq/password')
})

test.skipIf(missing)('everything that can be tagged is, and so is what instances bring along', () => {
  const untagged: string[] = []
  for (const { address, type, values } of state.resources) {
    if (UNTAGGED.has(type) || address.includes('data.')) continue
    const tags = values.tags as Record<string, string> | null
    if (tags?.ExperimentID !== 'exp-20261121-101500' || tags.team !== 'data-platform' || !tags.Role)
      untagged.push(address)
    if (tags?.Project !== 'pulsar-aws-lab' || tags.ManagedBy !== 'terraform' || !tags.TTL)
      untagged.push(address)
  }
  expect(untagged).toEqual([])
  const templates = state.resources.filter(({ type }) => type === 'aws_launch_template')
  expect(templates.length).toBe(7)
  for (const { values } of templates) {
    const specs = values.tag_specifications as { resource_type: string; tags: Record<string, string> }[]
    expect(specs.map((spec) => spec.resource_type)).toEqual([
      'instance',
      'volume',
      'network-interface',
      'spot-instances-request',
    ])
    for (const { tags } of specs) expect(tags.ExperimentID).toBe('exp-20261121-101500')
  }
})

test.skipIf(missing)('instances get every setting that their boot text reads, in what EC2 takes', () => {
  const texts = userDataOf(state)
  expect([...texts.keys()].sort()).toEqual([
    ...['bookkeeper-1', 'bookkeeper-2', 'bookkeeper-3', 'broker-1', 'broker-2', 'client-1', 'gateway-1'],
    ...[
      'kafka-1',
      'kafka-2',
      'kafka-3',
      'rabbitmq-1',
      'rabbitmq-2',
      'rabbitmq-3',
      'zookeeper-1',
      'zookeeper-2',
      'zookeeper-3',
    ],
  ])
  for (const [name, text] of texts) {
    expect(Buffer.byteLength(text)).toBeLessThan(16_384)
    const given = new Set([...text.matchAll(/^export (BENCH_\w+)=/gm)].map((match) => match[1]!))
    for (const match of text.matchAll(/^\s*:? ?"?\$?\{?(BENCH_\w+):?=/gm)) given.add(match[1]!)
    // What programs of the text read is theirs: they have defaults, or files.
    const own = text
      .replaceAll(/<<'END_OF_PROGRAM'[\s\S]*?\nEND_OF_PROGRAM/g, '')
      .replaceAll(/^\s*#.*$/gm, '')
    const read = [...own.matchAll(/\$\{?(BENCH_[A-Z_0-9]+)(?!\w|:-|:=)/g)].map((match) => match[1]!)
    const lacking = read.filter((variable) => !given.has(variable))
    expect({ name, lacking }).toEqual({ name, lacking: [] })
  }
})

test.skipIf(missing)('tests that compose user data themselves compose what Terraform does', () => {
  const text = userDataOf(state).get('kafka-2')!
  const settings = {
    ...kafkaSettings(['10.0.1.110', '10.0.1.111', '10.0.1.112'], 1),
    ...{ REGION: 'eu-west-1', SPOT: 'true', HEAP_SIZE: '1G' },
    CLUSTER_ID: /BENCH_CLUSTER_ID='(\w{22})'/.exec(text)?.[1] ?? '',
  }
  const units = ['kafka', 'spot-watch']
  expect(composeUserData({ role: 'kafka', settings, units, programs: ['spot-watch'] })).toBe(text)
})

const noShellcheck = typeof shellcheck === 'string' && skipLoudly(`no shellcheck: ${shellcheck}`)
test.skipIf(missing || noShellcheck)('shellcheck has nothing to say about what instances run', async () => {
  if (typeof shellcheck === 'string') return
  const files: string[] = []
  for (const [name, text] of userDataOf(state)) {
    if (!name.endsWith('-1')) continue
    writeFileSync(join(folder, `${name}.sh`), text)
    files.push(`${name}.sh`)
  }
  expect(files.length).toBe(7)
  expect(await shellcheck(files, folder)).toBe('')
})

test.skipIf(missing)(
  'variables and outputs are described, for people who use Terraform by itself',
  async () => {
    const undescribed: string[] = []
    for (const file of new Bun.Glob('**/*.tf').scanSync({ cwd: join(ROOT, 'terraform') })) {
      const text = await Bun.file(join(ROOT, 'terraform', file)).text()
      for (const match of text.matchAll(/^(variable|output) "(\w+)" \{\n([\s\S]*?)^\}/gm)) {
        if (!/^ {2}description += "\S/m.test(match[3]!)) undescribed.push(`${file}: ${match[1]} ${match[2]}`)
      }
    }
    expect(undescribed).toEqual([])
  },
)
