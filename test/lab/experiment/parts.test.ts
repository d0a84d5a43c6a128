// Goal: the parts of an experiment's life hold by themselves: its record says where it is broken, Terraform's secrets go by
// the environment and into no log, a child that is interrupted may finish and leaves nothing running, and what is sent to a
// load generator arrives as it was meant, whatever it holds. Method: real files, real children, a real shell.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { LAB_SYSTEMS } from '../../../src/brokers/lab-systems.ts'
import { isAlive } from '../../../src/brokers/process/index.ts'
import { SystemClock } from '../../../src/clock/system-clock.ts'
import { runChild } from '../../../src/lab/experiment/child.ts'
import { cloudPlan } from '../../../src/lab/experiment/cloud-plan.ts'
import {
  createLabFolder,
  labExperiments,
  labFolder,
  writeRecord,
} from '../../../src/lab/experiment/folder.ts'
import { driverState, thisDriver } from '../../../src/lab/experiment/life.ts'
import { openLog } from '../../../src/lab/experiment/log.ts'
import { type ExperimentRecord, parseRecord, recordText } from '../../../src/lab/experiment/record.ts'
import { remoteName, remoteScript } from '../../../src/lab/experiment/remote-run.ts'
import { openTerraform } from '../../../src/lab/experiment/terraform.ts'
import { writeTerraformRoot } from '../../../src/lab/experiment/terraform-root.ts'
import { pollUntil } from '../../support/poll.ts'

setDefaultTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'bench-parts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const never = new AbortController().signal
const clock = new SystemClock()

const RECORD: ExperimentRecord = {
  ...{ schemaVersion: 1, experimentId: 'exp-20261121-100000', name: 'n', project: 'p', configDigest: 'd' },
  ...{
    configFile: 'c.yaml',
    region: 'us-west-2',
    startedMs: 1,
    expiresAtMs: 2,
    tags: {},
    systems: ['kafka'],
  },
  ...{ state: 'ready', driver: null, steps: [], instances: [], bucket: null, applyToReadyMs: null, runs: [] },
  ...{ keepOnFailure: false, maxCostUsd: null },
}

describe('the record', () => {
  test('is read as it was written', () => {
    expect(parseRecord(recordText(RECORD), 'f')).toEqual(RECORD)
  })

  test('names the place of every fault', () => {
    const broken = JSON.stringify({ ...RECORD, state: 'fine', startedMs: -1, more: 1 })
    expect(() => parseRecord(broken, 'f')).toThrow(/f: startedMs: [\s\S]*f: state: /)
    expect(() => parseRecord('{', 'f')).toThrow('f: expected JSON')
  })

  test('a broken one is listed, last, and hides no other', async () => {
    const home = join(folder, 'home')
    const made = await createLabFolder(null, Date.parse('2026-11-21T10:00:00Z'), home)
    await writeRecord({ ...RECORD, experimentId: made.id }, made)
    const named = await createLabFolder('my-experiment', 0, home)
    await Bun.write(named.recordFile, '{')
    const listed = await labExperiments(home)
    expect(listed.map((each) => [each.folder.id, 'problem' in each])).toEqual([
      ['exp-20261121-100000', false],
      ['my-experiment', true],
    ])
    await expect(createLabFolder('my-experiment', 0, home)).rejects.toThrow('expected a new experiment.id')
  })

  test('tells a process that works on it from one that died', async () => {
    const child = Bun.spawn(['true'])
    await child.exited
    const driver = thisDriver()
    expect(driverState({ ...RECORD, driver })).toBe('alive')
    expect(driverState({ ...RECORD, driver: { ...driver, pid: child.pid } })).toBe('dead')
    // The number was given to another process meanwhile.
    expect(driverState({ ...RECORD, driver: { ...driver, start: '1' } })).toBe('dead')
    expect(driverState({ ...RECORD, driver: { ...driver, host: 'elsewhere' } })).toBe('elsewhere')
  })
})

describe('a child', () => {
  const child = (script: string, limitMs: number, signal: AbortSignal, lines: string[] = []) =>
    runChild(
      {
        ...{ command: 'bash', args: ['-c', script], cwd: folder, env: process.env, limitMs },
        onLine: (line) => lines.push(line),
      },
      signal,
    )

  test('gives its lines and its status', async () => {
    const lines: string[] = []
    expect(await child('echo a; echo b >&2; exit 3', 60_000, never, lines)).toEqual({
      code: 3,
      failure: null,
    })
    expect(lines.toSorted()).toEqual(['a', 'b'])
  })

  test('may finish when it is interrupted, and what it started ends with it', async () => {
    const stop = new AbortController()
    const lines: string[] = []
    const script = 'trap "echo finishing; exit 0" INT; sleep 1000 & echo $!; while true; do sleep 0.1; done'
    const ended = child(script, 60_000, stop.signal, lines)
    await pollUntil('its start', 30_000, () => lines.length > 0)
    const orphan = Number(lines[0])
    expect(isAlive(orphan)).toBe(true)
    stop.abort()
    expect(await ended).toEqual({ code: null, failure: 'it was interrupted' })
    expect(lines).toContain('finishing')
    await pollUntil('the end of what it started', 30_000, () => !isAlive(orphan))
  })

  test('is ended at its limit, and told when it cannot begin', async () => {
    expect((await child('trap "exit 0" INT; sleep 1000 & wait', 200, never)).failure).toMatch(/^no end after/)
    const none = { command: '/nowhere', args: [], cwd: folder, env: {}, limitMs: 1_000, onLine: () => {} }
    expect((await runChild(none, never)).failure).toContain('ENOENT')
  })
})

describe('Terraform', () => {
  test('takes secrets from the environment; no file and no line holds them', async () => {
    const rabbitmq = LAB_SYSTEMS.find(({ secrets }) => secrets !== undefined)!
    const secrets = rabbitmq.secrets!()
    const values = Object.values(secrets).flatMap((each) => Object.values(each))
    expect(new Set([...values, ...Object.values(rabbitmq.secrets!()).flatMap(Object.values)]).size).toBe(4)
    const lab = labFolder('exp-20261121-100001', folder)
    mkdirSync(lab.terraformDirectory, { recursive: true })
    const command = join(folder, 'loud-terraform')
    // One that tells everything it knows.
    writeFileSync(command, '#!/bin/sh\necho "$@"\nenv\nexit 1\n')
    chmodSync(command, 0o755)
    const printed: string[] = []
    const log = openLog(
      lab.logFile,
      () => clock.wallMs(),
      (line) => printed.push(line),
    )
    const terraform = openTerraform({ command, folder: lab, log, secrets, environment: process.env })
    await expect(terraform.apply(never)).rejects.toThrow('expected terraform apply to succeed, got status 1')
    const text = readFileSync(lab.logFile, 'utf8')
    expect(text).toContain('TF_VAR_rabbitmq_secrets')
    const found = values.filter((value) => `${text}${printed.join('\n')}`.includes(value))
    expect(found).toEqual([])
  })

  test('gets a root of its own, without the state and the variables of the checkout', async () => {
    const source = join(folder, 'source')
    for (const path of [
      'aws/main.tf',
      'aws/mine.auto.tfvars',
      'aws/terraform.tfstate',
      'aws/.terraform/x',
      'modules/a/main.tf',
      'user-data/lib.sh',
    ])
      await Bun.write(join(source, path), path)
    const lab = labFolder('exp-20261121-100002', folder)
    await Bun.write(join(lab.terraformDirectory, 'terraform.tfstate'), 'ours')
    await writeTerraformRoot(lab, source, '{}\n')
    const files = [...new Bun.Glob('**/*').scanSync({ cwd: join(lab.directory, 'terraform'), dot: true })]
    expect(files.toSorted()).toEqual([
      ...['aws/main.tf', 'aws/terraform.tfstate', 'aws/terraform.tfvars.json'],
      ...['modules/a/main.tf', 'user-data/lib.sh'],
    ])
    expect(readFileSync(join(lab.terraformDirectory, 'terraform.tfstate'), 'utf8')).toBe('ours')
  })
})

describe('what is sent to a load generator', () => {
  const PLAN = `name: p
drivers: ["fast=kafka:kafkajs+acks=1"]
metrics: METRICS
base_workload: {message_size: 100, producer_rate: 10, test_duration_seconds: 5, warmup_duration_seconds: 0}
test_runs:
  - {name: "it's $(one)", type: fixed_rate}
`

  test('arrives as it was meant, in whatever shell', async () => {
    const file = join(folder, 'plan.yaml')
    const metrics = join(import.meta.dir, '../../../workloads/metrics/tail.ts')
    writeFileSync(file, PLAN.replace('METRICS', metrics))
    const { runs } = await cloudPlan({ file, systems: ['kafka'], flags: { seed: '7', strict: true } })
    const [run] = runs
    const base = join(folder, 'machine')
    // The same script, on a machine that is a folder.
    const seen = join(base, 'seen')
    const script = remoteScript(run!, remoteName(run!, 2))
      .replaceAll('/var/lib/bench', base)
      .replace('/usr/local/bin/run-benchmark', join(base, 'run-benchmark'))
    mkdirSync(base)
    writeFileSync(join(base, 'run-benchmark'), `#!/bin/sh\nprintf '%s\\n' "$@" >${seen}\n`)
    chmodSync(join(base, 'run-benchmark'), 0o755)
    const { exitCode, stderr } = Bun.spawnSync(['sh', '-c', script])
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' })
    const [workload, name, ...options] = readFileSync(seen, 'utf8').trimEnd().split('\n')
    expect(name).toMatch(/^it-s-one-[0-9a-f]{8}-[0-9a-f]{8}-2$/)
    expect(options).toEqual([
      ...['--drivers', 'fast=/etc/bench/drivers/kafka.yaml:kafkajs+acks=1', '--seed', '7', '--strict'],
      ...['--repeat', '1'],
    ])
    const text = readFileSync(workload!, 'utf8')
    expect(text).toContain(`name: it's $(one)`)
    expect(text).not.toMatch(/^(drivers|metrics):/m)
  })

  test('names of runs are fit for files and differ by digest and attempt', () => {
    const digest = fc.stringMatching(/^[0-9a-f]{64}$/)
    fc.assert(
      fc.property(digest, fc.integer({ min: 1, max: 9 }), (each, attempt) => {
        const name = remoteName({ id: 'a'.repeat(69), mark: { plan: 'p', run: 'r', digest: each } }, attempt)
        expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
        expect(name).toContain(each.slice(0, 8))
      }),
    )
  })
})
