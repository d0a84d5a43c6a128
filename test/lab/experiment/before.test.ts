// Goal: what cannot go well is told by one clear error before anything is made, neither in AWS nor on disk, and a dry run
// needs nothing of AWS. Method: the command line with an AWS that refuses every connection; what lies in the home is listed.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchHome } from '../../support/bench.ts'

setDefaultTimeout(120_000)

const home = benchHome()
const folder = mkdtempSync(join(tmpdir(), 'bench-before-'))
afterAll(() => {
  home.remove()
  rmSync(folder, { recursive: true, force: true })
})

const CONFIG = `experiment: {name: small, ttl: 1h}
systems: [kafka]
compute: {kafka: {count: 1}}
`
const PLAN = `name: small
base_workload: {message_size: 100, producer_rate: 10, test_duration_seconds: 60, warmup_duration_seconds: 0}
test_runs:
  - {name: one, type: fixed_rate}
`

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const config = write('infrastructure.yaml', CONFIG)
const plan = write('plan.yaml', PLAN)
// A tool that answers as Terraform does when it is asked for its version.
const terraform = (version: string) => `#!/bin/sh\necho '{"terraform_version": "${version}"}'\n`

function tools(name: string, version: string): string {
  const bin = join(folder, name)
  Bun.spawnSync(['mkdir', '-p', bin])
  write(`${name}/terraform`, terraform(version))
  Bun.spawnSync(['chmod', '755', join(bin, 'terraform')])
  return `${bin}:/usr/bin:/bin`
}

const NO_AWS = {
  ...{ AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_PROFILE: undefined },
  ...{ AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_ACCESS_KEY_ID: undefined },
  ...{ AWS_SECRET_ACCESS_KEY: undefined, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
}

async function bench(args: readonly string[], env: Record<string, string | undefined> = {}) {
  const path = tools('new', '1.11.4')
  const finished = await home.run(args, { env: { ...NO_AWS, PATH: path, ...env } })
  expect(readdirSync(home.path)).toEqual([])
  return finished
}

test('a dry run shows machines, runs and times', async () => {
  const { exitCode, stdout } = await bench(['full', '--test-plan', plan, '--config', config, '--dry-run'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('1 x kafka: t3.small')
  expect(stdout).toContain('1 x client: t3.small')
  expect(stdout).toMatch(/one \(fixed_rate, id one\)/)
  expect(stdout).toMatch(/^price: /m)
})

test('Terraform is missing', async () => {
  const { exitCode, stderr } = await bench(['setup', '--config', config], { PATH: '/nowhere' })
  expect(exitCode).toBe(4)
  expect(stderr).toContain('error: expected terraform on the PATH, found none')
})

test('Terraform is too old', async () => {
  const PATH = tools('old', '1.9.8')
  const { exitCode, stderr } = await bench(['setup', '--config', config], { PATH })
  expect(exitCode).toBe(4)
  expect(stderr).toContain('expected Terraform 1.11 or newer, got 1.9')
})

test('credentials are missing', async () => {
  const { exitCode, stderr } = await bench(['setup', '--config', config])
  expect(exitCode).toBe(4)
  expect(stderr).toContain('error: expected AWS credentials, found none')
  expect(stderr).toContain('hint: aws configure')
})

test('AWS does not answer', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  const { exitCode, stderr } = await bench(['setup', '--config', config], keys)
  expect(exitCode).toBe(4)
  expect(stderr).toContain('AWS in us-west-2')
})

test('the configuration is wrong', async () => {
  const wrong = write('wrong.yaml', CONFIG.replace('ttl: 1h', 'ttl: 1w'))
  const { exitCode, stderr } = await bench(['full', '--test-plan', plan, '--config', wrong])
  expect(exitCode).toBe(3)
  expect(stderr).toContain('wrong.yaml:1:')
})

test('a side asks for a system that is not set up, at its place', async () => {
  const other = write('other.yaml', `drivers: [kafka, rabbitmq]\n${PLAN}`)
  const { exitCode, stderr } = await bench(['full', '--test-plan', other, '--config', config])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(
    /other\.yaml:1:18: expected sides of systems that the experiment has \(kafka\), got rabbitmq/,
  )
})

test('a side holds a secret', async () => {
  const other = write('secret.yaml', `drivers: ["kafka+sasl.password=hunter2"]\n${PLAN}`)
  const { exitCode, stderr } = await bench(['full', '--test-plan', other, '--config', config])
  expect([2, 3]).toContain(exitCode)
  expect(stderr).not.toContain('hunter2')
})

test('the plan takes longer than the experiment may live', async () => {
  const args = ['full', '--test-plan', plan, '--config', config, '--duration', '55m']
  const { exitCode, stderr } = await bench(args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain('expected a plan that ends before the experiment may be ended')
})

test('there is no such experiment', async () => {
  for (const verb of ['teardown', 'logs']) {
    const { exitCode, stderr } = await bench([verb, '--experiment-id', 'exp-20260101-000000'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--experiment-id: expected a cloud experiment')
  }
  const { exitCode, stderr } = await bench(['cleanup', '--experiment-id', 'exp-20260101-000000'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('expected --region')
})

test('options are checked', async () => {
  for (const options of [['--dry-run'], ['--max-cost', '5'], ['--config', config]]) {
    const { exitCode, stderr } = await bench(['run', '--test-plan', plan, ...options])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`expected ${options[0]} with --experiment-id only`)
  }
  for (const options of [
    ['--max-cost', 'much'],
    ['--max-cost', '0'],
    ['--ready-limit', '2 days'],
  ])
    expect((await bench(['setup', '--config', config, ...options])).exitCode).toBe(2)
  expect((await bench(['full', '--config', config])).exitCode).toBe(2)
  expect((await bench(['teardown'])).exitCode).toBe(2)
  expect((await bench(['setup', '--config', config, '--tag', 'Role=mine'])).exitCode).toBe(3)
})
