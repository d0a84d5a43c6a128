// Goal: an experiment can be made, used, looked at and ended command by command, again and again; what outlives its TTL is
// found and ended by its tags alone; and whatever goes wrong, nothing of it is left and all of others is. Method: the real
// command line against the AWS double, whose machines boot at once and hand over a canned result; Terraform is the tests'
// stand-in (perf/proof-lab-faults.ts plays every scenario, with the real provider). The account is scanned past the double.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CreateVpcCommand } from '@aws-sdk/client-ec2'
import { tagged } from '../../aws/double/account.ts'
import { clientsOf } from '../../aws/double/clients.ts'
import { skipLoudly } from '../../support/skip.ts'
import { play, SCENARIOS } from './scenarios.ts'
import { missingForLab, openSmallLab, type SmallLab } from './support.ts'

setDefaultTimeout(300_000)

/** One of each kind of end: a failure on a machine, of Terraform, by a person, by kill -9. */
const SLICE = [
  'a machine does not boot',
  'destroy fails',
  'Ctrl-C while it runs',
  'bench is killed while it runs',
]

const missing = await missingForLab()
const skips = missing !== null && skipLoudly(`lives of cloud experiments need ${missing}`)
const opened = missing === null ? await openSmallLab({ mirror: null }) : null
const lab = opened as SmallLab
afterAll(async () => opened?.close())

async function told(...args: string[]) {
  const { exitCode, stdout, stderr } = await lab.run(...args)
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
  return { stdout, stderr }
}

describe.skipIf(skips)('command by command', () => {
  let id = ''

  test('setup makes it, and setup again changes nothing', async () => {
    Object.assign(lab.behaviour, { boot: 'ready', run: 'result' })
    const { stdout } = await told('setup', '--config', lab.config, '--tag', 'team=data')
    id = stdout.trim()
    const before = lab.recordOf(id)
    expect(before).toMatchObject({ state: 'ready', driver: null, tags: { team: 'data' }, systems: ['kafka'] })
    const machines = [...lab.double.machines.values()].filter(({ endedMs }) => endedMs === null)
    expect(machines.map(({ tags }) => [tags.ExperimentID, tags.team, tags.Role])).toEqual([
      [id, 'data', 'kafka'],
      [id, 'data', 'client'],
    ])
    await told('setup', '--config', lab.config, '--tag', 'team=data', '--experiment-id', 'latest')
    expect(lab.recordOf(id)).toMatchObject({
      state: 'ready',
      instances: before.instances,
      applyToReadyMs: before.applyToReadyMs,
    })
    expect(before.applyToReadyMs).toBeGreaterThan(0)
  })

  test('another configuration is not mixed with it', async () => {
    const { exitCode, stderr } = await lab.run('setup', '--config', lab.config, '--experiment-id', id)
    expect(exitCode).toBe(3)
    expect(stderr).toContain(`expected the configuration of ${id}`)
  })

  test('run measures what is not done, once', async () => {
    const run = ['run', '--test-plan', lab.plan, '--experiment-id', id]
    const { stderr } = await told(...run)
    expect(stderr).toMatch(/run 2 of 2: two: done after/)
    const { runs } = lab.recordOf(id) as unknown as { runs: { outcome: string; folder: string }[] }
    expect(runs.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
    for (const { folder } of runs)
      expect(existsSync(join(lab.home.path, id, 'runs', folder, 'report/index.html'))).toBe(true)
    const before = lab.double.faults.calls('ssm', 'SendCommand')
    const again = await told(...run)
    expect(again.stderr).toMatch(/one: done already\n.*two: done already/)
    expect(lab.double.faults.calls('ssm', 'SendCommand')).toBe(before)
  })

  test('list, logs, report and a dry clean-up look without touching', async () => {
    expect((await told('list')).stdout).toContain(`${id}  us-west-2: kafka  ready  2 machines until`)
    const [listed] = JSON.parse((await told('list', '--json')).stdout)
    expect(listed).toMatchObject({ id, cloud: { state: 'ready', crashed: false, machines: 2 } })
    const logs = await told('logs', '--experiment-id', id, '--role', 'kafka')
    expect(logs.stdout).toMatch(/^=== kafka-1 \(i-[0-9a-f]+\)\n--- boot state\nready after 1 s/)
    expect((await told('report', '--experiment-id', 'latest')).stderr).toMatch(/(report: .*\n){2}/)
    expect((await told('cleanup', '--experiment-id', id)).stdout).toMatch(/^instance i-/m)
    expect(lab.recordOf(id).state).toBe('ready')
  })

  test('teardown ends it, and teardown again is fine', async () => {
    await told('teardown', '--experiment-id', id)
    expect(await lab.strangers()).toEqual({ added: [], lost: [] })
    const record = lab.recordOf(id) as unknown as { state: string; instances: { endedMs: number | null }[] }
    expect(record.state).toBe('ended')
    expect(record.instances.every(({ endedMs }) => endedMs !== null)).toBe(true)
    expect((await told('teardown', '--experiment-id', id)).stderr).toContain('has ended already')
    // Its results stay.
    expect((await told('report', '--experiment-id', id)).stderr).toMatch(/report: /)
  })

  test('plain Terraform finds its variables, and no secret lies in the folder', () => {
    const folder = join(lab.home.path, id)
    const variables = JSON.parse(readFileSync(join(folder, 'terraform/aws/terraform.tfvars.json'), 'utf8'))
    expect(variables).toMatchObject({ experiment_id: id, region: 'us-west-2', kafka: { count: 1 } })
    const found = Bun.spawnSync(['grep', '-rlE', 'AWS_SECRET|aws_secret_access_key|TF_VAR_', folder])
    expect(found.stdout.toString()).toBe('')
  })
})

describe.skipIf(skips)('reap', () => {
  const tags = (ExperimentID: string, TTL: string, more: Readonly<Record<string, string>> = {}) =>
    tagged('vpc', { ExperimentID, TTL, Project: 'pulsar-aws-lab', ManagedBy: 'terraform', ...more })

  test('ends what outlived its TTL, by its tags alone, and nothing else', async () => {
    const { ec2, destroy } = clientsOf(lab.double.endpoint)
    const vpc = async (specification: ReturnType<typeof tags>) =>
      (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.3.0.0/16', ...specification }))).Vpc!.VpcId!
    const past = new Date(Date.now() - 60_000).toISOString()
    const future = new Date(Date.now() + 3_600_000).toISOString()
    const expired = await vpc(tags('exp-20260101-000000', past))
    const stays = [
      await vpc(tags('exp-20260101-000001', future)),
      await vpc(tags('exp-20260101-000002', past, { Project: 'other' })),
      await vpc(tags('exp-20260101-000003', past, { ManagedBy: 'somebody' })),
      await vpc(tags('exp-20260101-000004', 'never')),
    ]
    // A VPC brings a group and a route table that are not listed as ours.
    const standing = async () => {
      const vpcs = (await lab.strangers()).added.filter(({ kind }) => kind === 'ec2/vpc')
      return vpcs.map((each) => each.id).toSorted()
    }
    const dry = await told('reap', '--region', 'us-west-2', '--dry-run')
    expect(dry.stdout).toMatch(/^exp-20260101-000000 {2}us-west-2 {2}TTL .* would end\n$/)
    expect(await standing()).toEqual([expired, ...stays].toSorted())
    const reaped = await told('reap', '--region', 'us-west-2')
    expect(reaped.stdout).toMatch(/^exp-20260101-000000 .* ended\n$/)
    expect(await standing()).toEqual(stays.toSorted())
    for (const number of [1, 2, 3, 4])
      await told(
        'cleanup',
        '--experiment-id',
        `exp-20260101-00000${number}`,
        '--region',
        'us-west-2',
        '--execute',
      )
    expect(await standing()).toEqual([])
    destroy()
  })
})

describe.skipIf(skips)('whatever goes wrong', () => {
  for (const name of SLICE)
    test(name, async () => {
      const scenario = SCENARIOS.find((each) => each.name === name)!
      expect(await play(scenario, lab)).toEqual([])
    })

  test('an experiment whose record is lost goes by its tag', async () => {
    Object.assign(lab.behaviour, { boot: 'ready', run: 'result' })
    lab.double.faults.clear()
    const id = (await told('setup', '--config', lab.config)).stdout.trim()
    rmSync(join(lab.home.path, id), { recursive: true })
    const clean = ['cleanup', '--experiment-id', id, '--region', 'us-west-2']
    expect((await told(...clean)).stdout).toMatch(/^VPC vpc-/m)
    await told(...clean, '--execute')
    expect(await lab.strangers()).toEqual({ added: [], lost: [] })
  })
})
