import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExperimentResult } from '../../src/result/result.ts'
import { importImages, type PrivateEngine, startPrivateEngine } from './private-engine.ts'
import type { StandIn } from './stand-ins.ts'

const ROOT = join(import.meta.dir, '../..')
const WORKLOAD = 'test/support/short.yaml'
const DRIVERS = ['kafka', 'rabbitmq', 'pulsar']
const TESTS = ['test/brokers/container', 'test/broker/containers']

const ENGINE = /^\S*(dockerd|containerd) /

/** What the part in the namespaces is told. */
export interface Orders {
  readonly folder: string
  readonly cgroupParent: string
  readonly standIns: readonly StandIn[]
}

/**
 * Runs the proof within its namespaces; the list of what was not as it should be. Whatever happens here ends with the
 * namespaces, which live as long as this process.
 */
export async function proveInside(orders: Orders, log: (line: string) => void): Promise<string[]> {
  const { folder, standIns } = orders
  await ok(['ip', 'link', 'set', 'lo', 'up'], process.env)
  log('starting a container engine of our own')
  const engine = await startPrivateEngine(folder, orders.cgroupParent)
  try {
    log(`making ${standIns.length} images`)
    await importImages(engine, standIns)
    return [
      ...(await runBench(folder, engine, log)),
      ...(await runTests(folder, engine, log)),
      ...(await leftInEngine(engine)),
    ]
  } finally {
    await engine.stop()
  }
}

async function runBench(
  folder: string,
  engine: PrivateEngine,
  log: (line: string) => void,
): Promise<string[]> {
  const home = join(folder, 'home')
  const command = [process.execPath, join(ROOT, 'src/cli/main.ts'), 'run', WORKLOAD]
  log(`bench run ${WORKLOAD} --drivers ${DRIVERS.join()}`)
  const env = { ...engine.env, BENCH_HOME: home, BENCH_RUNTIME: undefined, NO_COLOR: '1' }
  const bench = Bun.spawn([...command, '--drivers', DRIVERS.join()], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exitCode = await bench.exited
  const result: ExperimentResult = await Bun.file(join(home, 'latest/result.json')).json()
  const faults = result.sides.flatMap((side) => sideFaults(side, log))
  if (result.sides.length !== DRIVERS.length)
    faults.push(`expected ${DRIVERS.join()}, got ${result.sides.length}`)
  // 6: the rate was not held, which a busy machine may do; every other status is a fault.
  if (exitCode !== 0 && exitCode !== 6) faults.push(`bench run ended with ${exitCode}`)
  return faults
}

function sideFaults(side: ExperimentResult['sides'][number], log: (line: string) => void): string[] {
  const trial = side.trials[0]
  if (trial === undefined) return [`${side.label}: ${side.error?.message ?? 'no trial'}`]
  const { runtime, version, settings, usage } = trial.server
  const { integrity } = trial.verdict
  const audit = trial.audits[0]
  log(`${side.label}: runtime ${runtime}, version ${version}, image ${settings.image}, ${settings.engine}`)
  log(`${side.label}: integrity ${integrity}, lost ${audit?.lost}, CPU ${usage?.cpuS.toFixed(1)} s`)
  const faults: string[] = []
  if (runtime !== 'container') faults.push(`${side.label}: expected runtime container, got ${runtime}`)
  if (integrity !== 'intact') faults.push(`${side.label}: expected integrity intact, got ${integrity}`)
  if (!(usage && usage.cpuS > 0))
    faults.push(`${side.label}: expected the server's CPU time, got ${usage?.cpuS}`)
  return faults
}

/** The tests that are skipped where no engine answers. */
async function runTests(
  folder: string,
  engine: PrivateEngine,
  log: (line: string) => void,
): Promise<string[]> {
  log(`tests: ${TESTS.join(' ')}`)
  const env = { ...engine.env, BENCH_HOME: join(folder, 'home') }
  const child = Bun.spawn([process.execPath, 'test', ...TESTS], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exitCode = await child.exited
  return exitCode === 0 ? [] : [`tests with an engine ended with ${exitCode}`]
}

async function leftInEngine(engine: PrivateEngine): Promise<string[]> {
  const faults: string[] = []
  const containers = (await engine.docker('ps', '-aq')).trim()
  const volumes = (await engine.docker('volume', 'ls', '-q')).trim()
  if (containers !== '') faults.push(`containers left: ${containers.split('\n').join(' ')}`)
  if (volumes !== '') faults.push(`volumes left: ${volumes.split('\n').join(' ')}`)
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
  for (const line of mounts.split('\n')) {
    if (/^(overlay|shm) |\/overlay2\/|\/containers\//.test(line)) faults.push(`mount left: ${line}`)
  }
  for (const { pid, parent, commandLine } of processes()) {
    // The engine, its containerd, and the guard over processes of this one are what may run.
    if (pid === 1 || pid === process.pid || parent === process.pid || ENGINE.test(commandLine)) continue
    faults.push(`process left: ${pid} ${commandLine.slice(0, 160)}`)
  }
  return faults
}

/** Processes of this namespace: those that end meanwhile are left out, as are threads of the kernel and zombies. */
function processes(): { pid: number; parent: number; commandLine: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1])
        return commandLine === '' ? [] : [{ pid: Number(name), parent, commandLine }]
      } catch {
        return []
      }
    })
}

async function ok(command: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = Bun.spawn([...command], { env, stdio: ['ignore', 'inherit', 'inherit'] })
  if ((await child.exited) !== 0) throw new Error(`expected '${command.join(' ')}' to succeed`)
}
