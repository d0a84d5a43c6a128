/**
 * Question: do Pulsar, Kafka and RabbitMQ come up from the images' install scripts and the instances' boot scripts?
 *
 * Needs root on Linux, Terraform and its AWS provider, and Debian's mirror. For each system a Debian is made by
 * debootstrap, the Packer scripts install into it (archives come from a mirror on loopback, packed from what local
 * brokers run from), and the user data that Terraform renders boots it in namespaces of its own, with a stand-in for
 * systemd that runs the units. Then `bench run` sends messages through and its verdict must be intact. Names of systems
 * as arguments choose some of them. Ends with 1 when anything differs.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../src/errors/app-error.ts'
import { mockedState, userDataOf } from '../test/terraform/mocked-state.ts'
import { copyTerraform, providerMirror, ROOT } from '../test/terraform/terraform.ts'
import { addSecretsByFile, addStandIns, debianRoot } from './boot/debian-root.ts'
import { type Mirror, startMirror } from './boot/mirror.ts'

interface System {
  /** Instances in the order of their boot. */
  readonly instances: readonly string[]
  readonly addresses: readonly string[]
  /** Added to the driver file of the same name. */
  readonly driverLines: string
}

const SYSTEMS: Readonly<Record<string, System>> = {
  kafka: {
    instances: ['kafka-1'],
    addresses: ['10.0.1.110'],
    driverLines: 'servers: ["10.0.1.110:9092"]',
  },
  pulsar: {
    instances: ['zookeeper-1', 'bookkeeper-1', 'broker-1'],
    addresses: ['10.0.1.10', '10.0.1.30', '10.0.1.70'],
    driverLines: 'servers: ["10.0.1.70:6650"]',
  },
  rabbitmq: {
    instances: ['rabbitmq-1'],
    addresses: ['10.0.1.140'],
    driverLines: 'servers: ["10.0.1.140:5672"]\nusername: bench\npasswordEnv: BENCH_RABBITMQ_PASSWORD',
  },
}
const SECRETS = { password: 'Proof-of-boot_password', 'erlang-cookie': 'CookieOfTheProofOfBoot123' }
/** One node of each, as small as they run. */
const VARIABLES = `
experiment_id = "proof"
expires_at    = "2030-01-01T00:00:00Z"
region        = "eu-west-1"
pulsar = {
  zookeeper  = { count = 1, heap_size = "128M" }
  bookkeeper = { count = 1, heap_size = "256M", direct_memory_size = "256M" }
  broker     = { count = 1, heap_size = "384M", direct_memory_size = "256M", managed_ledger_cache_size_mb = 64 }
}
kafka    = { count = 1, heap_size = "256M" }
rabbitmq = { count = 1 }
rabbitmq_secrets = { password = "${SECRETS.password}", erlang_cookie = "${SECRETS['erlang-cookie']}" }
`

const log = (line: string) => console.error(`proof: ${line}`)

async function main(chosen: readonly string[]): Promise<number> {
  const provider = providerMirror()
  if (
    process.platform !== 'linux' ||
    process.getuid?.() !== 0 ||
    Bun.which('terraform') === null ||
    provider === null
  ) {
    log('expected root on Linux, terraform and its AWS provider, and one is missing: nothing was tried')
    return 2
  }
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  const folder = mkdtempSync(join(tmpdir(), 'bench-proof-boot-'))
  const mirror = startMirror(join(folder, 'mirror'), log, stop.signal)
  const faults: string[] = []
  try {
    const below = await debianRoot(log, stop.signal)
    const userData = await renderUserData(folder, provider, stop.signal)
    for (const name of chosen) {
      const fault = await prove(name, join(folder, name), below, userData, mirror, stop.signal).catch(
        messageOf,
      )
      if (fault !== null) faults.push(`${name}: ${fault}`)
    }
  } catch (error) {
    faults.push(messageOf(error))
  } finally {
    await mirror.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  for (const fault of faults) log(`FAULT: ${fault}`)
  log(faults.length === 0 ? `${chosen.join(', ')} came up and carried messages` : `${faults.length} faults`)
  return faults.length === 0 ? 0 : 1
}

async function renderUserData(
  folder: string,
  provider: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  log('terraform: rendering user data')
  const copy = await copyTerraform(folder, provider, signal)
  const { code, stderr } = await copy.run('aws', ['init', '-backend=false'])
  if (code !== 0) throw new Error(`terraform init: ${stderr}`)
  return userDataOf(await mockedState(copy, VARIABLES))
}

/** Returns what differs, or null. */
async function prove(
  name: string,
  work: string,
  below: string,
  userData: ReadonlyMap<string, string>,
  mirror: Mirror,
  signal: AbortSignal,
): Promise<string | null> {
  const system = SYSTEMS[name]!
  for (const part of ['upper', 'inner', 'root', 'user-data', 'secrets'])
    mkdirSync(join(work, part), { recursive: true })
  await addStandIns(join(work, 'upper'), join(ROOT, 'test/terraform/systemctl'))
  await addSecretsByFile(join(work, 'upper'))
  for (const [file, secret] of Object.entries(SECRETS)) writeFileSync(join(work, 'secrets', file), secret)
  for (const instance of system.instances) {
    writeFileSync(join(work, 'user-data', instance), userData.get(instance) ?? '')
  }
  writeCheck(name, system, work)
  log(`${name}: installing`)
  const environment = await mirror.environmentOf(name)
  const install = [join(ROOT, 'perf/boot/install.sh'), below, work, join(ROOT, 'packer/scripts'), name]
  const spaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child']
  const installed = await run([...spaces, ...install], { ...process.env, ...environment }, signal)
  if (installed !== 0) return `the install scripts ended with ${installed}`
  log(`${name}: booting`)
  const boot = [join(ROOT, 'perf/boot/boot.sh'), below, work, system.addresses.join(), ...system.instances]
  const booted = await run([...spaces, '--net', ...boot], process.env, signal)
  return booted === 0 ? null : `boot and check ended with ${booted}`
}

/**
 * A short run of bench against what came up, in its network; the exit code is bench's. A Kafka that has just made its
 * first group may not be able to serve it yet, hence the tries while no side can be prepared (status 4).
 */
function writeCheck(name: string, { driverLines }: System, work: string): void {
  const driverFile = quoted(join(work, `${name}.yaml`))
  const main = `${quoted(process.execPath)} ${quoted(join(ROOT, 'src/cli/main.ts'))}`
  const options = '--rate 500 --warmup 2s --duration 5s --workers 1 --quiet'
  const script = `#!/bin/bash
set -euo pipefail
cat ${quoted(join(ROOT, 'workloads/drivers', `${name}.yaml`))} >${driverFile}
printf '%s\\n' ${quoted(driverLines)} >>${driverFile}
export BENCH_HOME=${quoted(join(work, 'home'))} BENCH_RABBITMQ_PASSWORD
BENCH_RABBITMQ_PASSWORD=$(cat ${quoted(join(work, 'secrets/password'))})
for try in 1 2 3; do
  code=0
  ${main} run ${quoted(join(ROOT, 'workloads/poc.yaml'))} --drivers ${driverFile} ${options} || code=$?
  if [ "$code" != 4 ]; then break; fi
done
echo "check: status $code at try $try"
# 6: the machine was too busy for figures, which are not asked for here.
[ "$code" = 0 ] || [ "$code" = 6 ]
`
  writeFileSync(join(work, 'check'), script)
  chmodSync(join(work, 'check'), 0o755)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Exit code of a command whose output goes to ours. */
function run(command: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      signal,
    })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? -1))
  })
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => SYSTEMS[name] === undefined)
if (unknown.length > 0) {
  log(`expected names among ${Object.keys(SYSTEMS).join(', ')}, got ${unknown.join(', ')}`)
  process.exit(2)
}
process.exit(await main(asked.length > 0 ? asked : Object.keys(SYSTEMS)))
