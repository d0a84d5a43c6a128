/**
 * Question: what does the harness itself cost beside the OpenMessaging Benchmark (OMB)?
 *
 * Both load the same local Kafka (acks=all, linger 1 ms, 4 partitions, 1 KB, one producer, one consumer) at 20,000
 * msg/s, in turn, several rounds in one run. Quoted: client CPU (user + system, of the whole process tree, start
 * included) per message sent, and the largest proportional set size of the tree. OMB is neither brought nor built:
 * `OMB_HOME` names a checkout built with Maven (benchmark-framework/target/classpath.txt) or a binary distribution.
 *
 *     OMB_HOME=… npm run proof:footprint       ROUNDS=3 SECONDS=60 RATE=20000 HEAP_OPTS='-Xms4G -Xmx4G' are the defaults
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { LocalBroker } from '../src/brokers/broker.ts'
import { localBrokerProvider } from '../src/brokers/registry.ts'
import { treePssBytes } from './process-tree.ts'

const ROOT = resolve(import.meta.dir, '..')
const ROUNDS = Number(process.env.ROUNDS ?? 3)
const MEASURE_S = Math.ceil(Number(process.env.SECONDS ?? 60) / 60) * 60
const RATE = Number(process.env.RATE ?? 20_000)
// OMB's warm-up counts whole minutes and ours counts with it: both send for the same time.
const WARMUP_S = 60
const SAMPLE_EVERY_MS = 1_000
const RUN_LIMIT_MS = (WARMUP_S + MEASURE_S + 180) * 1000

interface Cost {
  readonly cpuUsPerMessage: number
  readonly pssMb: number
}

const ombHome = process.env.OMB_HOME
if (ombHome === undefined || !existsSync(ombHome)) {
  console.error('expected OMB_HOME to name a built checkout of the OpenMessaging Benchmark')
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'bench-footprint-'))
const provider = await localBrokerProvider('kafka')
const broker = await provider.up(
  { topology: 'single', profile: 'measured', directory: join(folder, 'broker'), log: console.error },
  new AbortController().signal,
)
try {
  await compare(broker, ombHome)
} finally {
  await broker.down()
  rmSync(folder, { recursive: true, force: true })
}

async function compare(kafka: LocalBroker, omb: string): Promise<void> {
  writeInputs(kafka.servers)
  const costs: Record<'bench' | 'omb', Cost[]> = { bench: [], omb: [] }
  for (let round = 0; round < ROUNDS; round++) {
    // The order changes each round, so that neither always meets the fresher broker.
    const order = round % 2 === 0 ? (['bench', 'omb'] as const) : (['omb', 'bench'] as const)
    for (const who of order) {
      const cost = who === 'bench' ? await runBench() : await runOmb(omb)
      costs[who].push(cost)
      console.log(
        `round ${round + 1} ${who}: ${cost.cpuUsPerMessage.toFixed(1)} µs/msg, ${cost.pssMb.toFixed(0)} MB`,
      )
    }
  }
  const cpu = (who: 'bench' | 'omb') => median(costs[who].map((cost) => cost.cpuUsPerMessage))
  const pss = (who: 'bench' | 'omb') => median(costs[who].map((cost) => cost.pssMb))
  console.log(`median CPU per message: bench ${cpu('bench').toFixed(1)} µs, OMB ${cpu('omb').toFixed(1)} µs`)
  console.log(`median memory (PSS): bench ${pss('bench').toFixed(0)} MB, OMB ${pss('omb').toFixed(0)} MB`)
  console.log(
    `ratios: CPU ${(cpu('bench') / cpu('omb')).toFixed(2)}, memory ${(pss('bench') / pss('omb')).toFixed(2)}`,
  )
  const ok = cpu('bench') <= cpu('omb') && pss('bench') <= pss('omb') / 2
  console.log(ok ? 'holds: no more CPU and at most half of the memory' : 'does NOT hold')
  process.exitCode = ok ? 0 : 1
}

function writeInputs(servers: readonly string[]): void {
  const minutes = MEASURE_S / 60
  writeFileSync(
    join(folder, 'workload.yaml'),
    `name: footprint
topics: 1
partitionsPerTopic: 4
messageSize: 1024
payloadFile: payload.data
subscriptionsPerTopic: 1
producersPerTopic: 1
consumerPerSubscription: 1
producerRate: ${RATE}
consumerBacklogSizeGB: 0
warmupDurationMinutes: ${WARMUP_S / 60}
testDurationMinutes: ${minutes}
`,
  )
  writeFileSync(join(folder, 'payload.data'), Buffer.alloc(1024, 'x'))
  // One file for both: bench understands OMB's driver files.
  writeFileSync(
    join(folder, 'kafka.yaml'),
    `name: kafka
driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver
replicationFactor: 1
topicConfig: |
  min.insync.replicas=1
commonConfig: |
  bootstrap.servers=${servers.join(',')}
producerConfig: |
  acks=all
  linger.ms=1
  batch.size=131072
consumerConfig: |
  auto.offset.reset=earliest
  enable.auto.commit=false
`,
  )
}

async function runBench(): Promise<Cost> {
  const home = join(folder, 'home')
  const main = join(ROOT, 'src/cli/main.ts')
  const args = [
    'run',
    join(folder, 'workload.yaml'),
    '--drivers',
    join(folder, 'kafka.yaml'),
    '--workers',
    '1',
  ]
  const cost = await measured([process.execPath, main, ...args], { BENCH_HOME: home })
  const trial = JSON.parse(readFileSync(join(home, 'latest/result.json'), 'utf8')).sides[0].trials[0]
  if (trial.verdict.measurement !== 'valid') throw new Error(`not valid: ${trial.verdict.measurementReasons}`)
  return cost
}

async function runOmb(omb: string): Promise<Cost> {
  const classPath = existsSync(join(omb, 'lib'))
    ? join(omb, 'lib/*')
    : `${join(omb, 'benchmark-framework/target/classes')}:${readFileSync(join(omb, 'benchmark-framework/target/classpath.txt'), 'utf8').trim()}`
  const java = process.env.JAVA_HOME === undefined ? 'java' : join(process.env.JAVA_HOME, 'bin/java')
  // The heap of OMB's own script, and its variable.
  const heap = (process.env.HEAP_OPTS ?? '-Xms4G -Xmx4G').split(' ')
  const flags = ['-server', ...heap, '-XX:+UseG1GC', '-cp', classPath]
  const main = 'io.openmessaging.benchmark.Benchmark'
  const output = join(folder, `omb-${Date.now()}.json`)
  const args = ['--drivers', join(folder, 'kafka.yaml'), '--output', output, join(folder, 'workload.yaml')]
  // OMB may stay alive after its last word, and ends with 0 even when it failed: its result file tells.
  return await measured([java, ...flags, main, ...args], {}, () => isWritten(output))
}

function isWritten(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, 'utf8'))
    return true
  } catch {
    return false
  }
}

/** Runs a command to its end, or until it is done by its own file's word. */
async function measured(
  command: string[],
  env: Record<string, string>,
  isDone: () => boolean = () => false,
): Promise<Cost> {
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', Bun.file(join(folder, 'out.log')), Bun.file(join(folder, 'err.log'))],
    timeout: RUN_LIMIT_MS,
  })
  let pss = 0
  let done = false
  const sampler = setInterval(() => {
    pss = Math.max(pss, treePssBytes(child.pid))
    if (done || !isDone()) return
    done = true
    child.kill()
  }, SAMPLE_EVERY_MS)
  const exitCode = await child.exited
  clearInterval(sampler)
  if (exitCode !== 0 && !done) {
    throw new Error(
      `${command[0]} ended with ${exitCode}:\n${readFileSync(join(folder, 'err.log'), 'utf8').slice(-2000)}`,
    )
  }
  // wait4(2) counts the waited-for descendants in.
  const cpuUs = Number(child.resourceUsage()!.cpuTime.total)
  return { cpuUsPerMessage: cpuUs / (RATE * (WARMUP_S + MEASURE_S)), pssMb: pss / 2 ** 20 }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
