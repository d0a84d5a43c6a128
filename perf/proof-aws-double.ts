/**
 * Question: does the real Terraform provider take the test double for AWS?
 *
 * Needs root on Linux, `terraform` and a filesystem mirror with hashicorp/aws (`BENCH_TERRAFORM_MIRROR`, else one
 * found below the root). Applies a VPC with three instances, one of them spot, looks whether a second plan is empty,
 * runs a command on each instance through Systems Manager, destroys; then applies again, forgets the state and cleans
 * up by tag. Ends with 1 when anything differs, or is left in the account.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SystemClock } from '../src/clock/system-clock.ts'
import { cleanUp } from '../src/lab/aws/cleanup/cleanup.ts'
import { openRemoteShell } from '../src/lab/aws/ssm.ts'
import { missingForBoxes } from '../test/aws/double/box/world.ts'
import { type AwsDouble, startAwsDouble } from '../test/aws/double/double.ts'
import { awsTools } from '../test/aws/double/moto.ts'
import { addedSince, scan } from '../test/aws/double/scan.ts'

const EXPERIMENT = 'exp-proof'
const CONFIGURATION = join(import.meta.dir, 'aws-double/main.tf')
const MANAGED_LIMIT_MS = 120_000
const never = new AbortController().signal
const log = (line: string) => console.error(`proof: ${line}`)

/** The folder that holds `registry.terraform.io`: where providers are, without any network. */
function terraformMirror(): string | null {
  const named = process.env.BENCH_TERRAFORM_MIRROR
  if (named) return named
  for (const top of readdirSync('/'))
    for (const folder of [join('/', top), ...subfolders(join('/', top))])
      if (existsSync(join(folder, 'registry.terraform.io/hashicorp/aws'))) return folder
  return null
}

function subfolders(folder: string): string[] {
  if (folder === '/proc' || folder === '/sys') return []
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  } catch {
    return []
  }
}

interface Terraform {
  /** Runs it; its status and what it printed. */
  run(...args: string[]): Promise<{ readonly code: number; readonly stdout: string }>
}

function terraformIn(folder: string, mirror: string, double: AwsDouble): Terraform {
  const configuration = join(folder, 'terraform.rc')
  writeFileSync(
    configuration,
    `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
  )
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, TMPDIR: folder },
    ...{ TF_CLI_CONFIG_FILE: configuration, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' },
    ...{ TF_VAR_experiment_id: EXPERIMENT, ...double.env },
  }
  const run = async (...args: string[]) => {
    const startMs = performance.now()
    const child = Bun.spawn(['terraform', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    const code = await child.exited
    log(`terraform ${args[0]}: status ${code} after ${Math.round((performance.now() - startMs) / 1000)} s`)
    if (code === 1) log(stderr.trim())
    if (code === 2) log(stdout.trim())
    return { code, stdout }
  }
  return { run }
}

async function prove(double: AwsDouble, terraform: Terraform): Promise<string[]> {
  const faults: string[] = []
  const expectThat = (what: string, holds: boolean, got: unknown = '') => {
    log(`${holds ? 'ok' : 'FAULT'}: ${what}`)
    if (!holds) faults.push(`${what}: ${JSON.stringify(got)}`)
  }
  const before = await scan(double)
  const status = async (...args: string[]) => (await terraform.run(...args, '-no-color')).code
  expectThat('init', (await status('init', '-input=false')) === 0)
  expectThat('apply', (await status('apply', '-auto-approve', '-input=false')) === 0)
  const second = await terraform.run('plan', '-detailed-exitcode', '-input=false', '-no-color')
  expectThat('a second plan changes nothing, on spot neither', second.code === 0)
  const ids: string[] = JSON.parse((await terraform.run('output', '-json', 'instance_ids')).stdout)
  const context = { aws: double.client, clock: new SystemClock(), random: Math.random, log }
  const shell = await openRemoteShell(context)
  await shell.waitUntilManaged(ids, MANAGED_LIMIT_MS, never)
  const script = 'cat /srv/state; hostname'
  const outcomes = await shell.run({ instanceIds: ids, title: 'look', script, limitMs: 60_000 }, never)
  const booted = outcomes.filter((each) => each.stdout.startsWith('booted by user data\nip-10-42-1-'))
  expectThat('user data of the launch template ran on both its instances', booted.length === 2, outcomes)
  shell.close()
  expectThat('destroy', (await status('destroy', '-auto-approve', '-input=false')) === 0)
  const left = addedSince(before, await scan(double))
  expectThat('destroy leaves nothing', left.length === 0, left)
  expectThat('apply again', (await status('apply', '-auto-approve', '-input=false')) === 0)
  const report = await cleanUp({ experimentId: EXPERIMENT, executes: true }, context, never)
  const rest = addedSince(before, await scan(double))
  expectThat('clean-up by tag, without the state, leaves nothing', rest.length === 0, rest)
  expectThat('and says so', report.exitCode === 0, report.kept)
  return faults
}

async function main(): Promise<number> {
  const mirror = terraformMirror()
  const tools = await awsTools(log)
  const missing =
    missingForBoxes() ??
    (Bun.which('terraform') === null ? 'terraform on the PATH' : null) ??
    (mirror === null ? 'a filesystem mirror with hashicorp/aws (BENCH_TERRAFORM_MIRROR)' : null) ??
    (typeof tools === 'string' ? tools : null)
  if (missing !== null || mirror === null || typeof tools === 'string') {
    log(`expected ${missing}; nothing was tried`)
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-proof-aws-'))
  cpSync(CONFIGURATION, join(folder, 'main.tf'))
  const double = await startAwsDouble({ tools, hasManagedPolicies: true }, never)
  try {
    const faults = await prove(double, terraformIn(folder, mirror, double))
    for (const fault of faults) log(`FAULT: ${fault}`)
    log(
      faults.length === 0 ? 'the provider takes it for AWS, and nothing is left' : `${faults.length} faults`,
    )
    return faults.length === 0 ? 0 : 1
  } finally {
    await double.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
