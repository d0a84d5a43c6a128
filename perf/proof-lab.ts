/**
 * Question: do whole clusters come up on AWS, by Terraform and the instances' own boot scripts, and does bench measure them?
 *
 * Needs root on Linux, Terraform and its AWS provider, npm, and Debian's mirror. AWS is the test double, whose instances
 * are namespaces; images are Debians into which Packer's scripts have installed. Names of systems as arguments choose
 * some of them, each with several nodes. Ends with 1 when anything differs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { SystemClock } from '../src/clock/system-clock.ts'
import { messageOf } from '../src/errors/app-error.ts'
import { openRemoteShell, type RemoteShell } from '../src/lab/aws/ssm.ts'
import { missingForBoxes } from '../test/aws/double/box/world.ts'
import { awsTools } from '../test/aws/double/moto.ts'
import { addedSince, scan } from '../test/aws/double/scan.ts'
import { copyTerraform, providerMirror, ROOT, type TerraformCopy } from '../test/terraform/terraform.ts'
import { type LabInstance, waitUntilReady } from './lab/instances.ts'
import { type LabDouble, PROJECT, startLabDouble } from './lab/lab-double.ts'
import { SYSTEMS } from './lab/systems.ts'

const EXPERIMENT = 'proof'
const TERRAFORM_LIMIT_MS = 1_200_000
const CHECK_LIMIT_MS = 300_000
const RUN_LIMIT_MS = 1_200_000
const SECRETS = '{password="Proof-of-lab_password",erlang_cookie="CookieOfTheProofOfLab123"}'

const stop = new AbortController()
const log = (line: string) => console.error(`proof: ${line}`)
const faults: string[] = []

function expectThat(what: string, isSo: boolean, seen: unknown = ''): void {
  log(`${isSo ? 'ok   ' : 'FAULT'} ${what}`)
  if (!isSo) faults.push(`${what}: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`)
}

async function main(chosen: readonly string[]): Promise<number> {
  const provider = providerMirror()
  const tools = await awsTools(log)
  const missing =
    missingForBoxes() ??
    (Bun.which('terraform') === null ? 'terraform on the PATH' : null) ??
    (provider === null ? 'a filesystem mirror with hashicorp/aws (BENCH_TERRAFORM_MIRROR)' : null) ??
    (typeof tools === 'string' ? tools : null)
  if (missing !== null || typeof tools === 'string') {
    log(`expected ${missing}; nothing was tried`)
    return 2
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  const folder = mkdtempSync(join(tmpdir(), 'bench-proof-lab-'))
  try {
    const double = await startLabDouble([...chosen, 'client'], tools, log, stop.signal)
    try {
      await prove(chosen, double, folder, provider)
    } finally {
      await double.close()
    }
  } catch (error) {
    faults.push(messageOf(error))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const fault of faults) log(`FAULT: ${fault}`)
  log(faults.length === 0 ? `${chosen.join(', ')} came up as clusters` : `${faults.length} faults`)
  return faults.length === 0 ? 0 : 1
}

async function prove(
  chosen: readonly string[],
  { aws }: LabDouble,
  folder: string,
  provider: string | null,
): Promise<void> {
  const account = { ...aws.env, TF_VAR_rabbitmq_secrets: SECRETS }
  const copy = await copyTerraform(folder, provider, stop.signal, { account, limitMs: TERRAFORM_LIMIT_MS })
  writeFileSync(
    join(copy.folder, 'aws/proof.auto.tfvars.json'),
    JSON.stringify(variables(chosen, await archiveOf(folder))),
  )
  const before = await scan(aws)
  await terraform(copy, 'init', '-input=false')
  const startedMs = performance.now()
  await terraform(copy, 'apply', '-auto-approve', '-input=false')
  const instances: LabInstance[] = JSON.parse((await terraform(copy, 'output', '-json', 'instances')).stdout)
  const context = { aws: aws.client, clock: new SystemClock(), random: Math.random, log }
  const shell = await openRemoteShell(context)
  try {
    const { states, faults: failed } = await waitUntilReady(shell, instances, stop.signal)
    log(`from apply to ready: ${Math.round((performance.now() - startedMs) / 1000)} s (seed: 120 s)`)
    for (const [name, state] of states) log(`${name}: ${state}`)
    expectThat('every instance booted', failed.length === 0, failed.join('\n'))
    if (failed.length > 0) return
    for (const name of chosen) await checkCluster(name, instances, shell)
    await measure(instances, shell, aws)
  } finally {
    shell.close()
    await terraform(copy, 'destroy', '-auto-approve', '-input=false')
    const left = addedSince(before, await scan(aws))
    expectThat('destroy leaves nothing', left.length === 0, left)
  }
}

function variables(chosen: readonly string[], archive: string): Record<string, unknown> {
  return {
    experiment_id: EXPERIMENT,
    project: PROJECT,
    expires_at: '2030-01-01T00:00:00Z',
    region: 'us-west-2',
    bench_archive: archive,
    ...Object.fromEntries(chosen.map((name) => [name, SYSTEMS[name]!.variable])),
  }
}

async function archiveOf(folder: string): Promise<string> {
  const file = join(folder, 'bench.tar.gz')
  const child = Bun.spawn(['git', '-C', ROOT, 'archive', '--format=tar.gz', '-o', file, 'HEAD'])
  if ((await child.exited) !== 0) throw new Error('expected git archive to pack this checkout')
  return file
}

async function terraform(copy: TerraformCopy, ...args: string[]) {
  const startedMs = performance.now()
  const output = await copy.run('aws', args)
  log(
    `terraform ${args[0]}: status ${output.code} after ${Math.round((performance.now() - startedMs) / 1000)} s`,
  )
  if (output.code !== 0) throw new Error(`terraform ${args[0]}: ${output.stderr}`)
  return output
}

async function checkCluster(
  name: string,
  instances: readonly LabInstance[],
  shell: RemoteShell,
): Promise<void> {
  for (const { role, script, expected } of SYSTEMS[name]!.checks) {
    const asked = instances.find((each) => each.role === role)!
    const command = {
      instanceIds: [asked.id],
      title: `look at ${name}`,
      script: bash(script),
      limitMs: CHECK_LIMIT_MS,
    }
    const [outcome] = await shell.run(command, stop.signal)
    const { stdout, stderr } = outcome!
    for (const each of expected) expectThat(`${name}: ${each.source}`, each.test(stdout), stdout + stderr)
  }
}

/** Systems Manager runs scripts by sh. */
function bash(script: string): string {
  return `bash <<'END'\n${script}\nEND`
}

async function measure(
  instances: readonly LabInstance[],
  shell: RemoteShell,
  aws: LabDouble['aws'],
): Promise<void> {
  const client = instances.find(({ role }) => role === 'client')!
  const script = 'run-benchmark workloads/poc.yaml poc-1 --rate 500 --warmup 3s --duration 10s --workers 1'
  const command = { instanceIds: [client.id], title: 'run-benchmark', script, limitMs: RUN_LIMIT_MS }
  const [outcome] = await shell.run(command, stop.signal)
  const { exitCode, stdout, stderr } = outcome!
  log(stdout)
  expectThat('run-benchmark measured', exitCode === 0 || exitCode === 6, `${exitCode}: ${stdout}${stderr}`)
  const { Buckets = [] } = await aws.behind.s3.send(
    new (await import('@aws-sdk/client-s3')).ListBucketsCommand({}),
  )
  const { Contents = [] } = await aws.behind.s3.send(
    new ListObjectsV2Command({ Bucket: Buckets[0]!.Name!, Prefix: 'client/poc-1/' }),
  )
  const keys = Contents.map(({ Key }) => Key!)
  expectThat('results lie in the bucket', keys.includes('client/poc-1/result.json'), keys)
  const object = await aws.behind.s3.send(
    new GetObjectCommand({ Bucket: Buckets[0]!.Name!, Key: 'client/poc-1/result.json' }),
  )
  writeFileSync('/tmp/i7-boot-result.json', await object.Body!.transformToString())
}

const asked = process.argv.slice(2).flatMap((name) => (name === 'all' ? Object.keys(SYSTEMS) : [name]))
const unknown = asked.filter((name) => SYSTEMS[name] === undefined)
if (unknown.length > 0) {
  log(`expected names among ${Object.keys(SYSTEMS).join(', ')} or all, got ${unknown.join(', ')}`)
  process.exit(2)
}
process.exit(await main(asked.length > 0 ? asked : ['kafka']))
