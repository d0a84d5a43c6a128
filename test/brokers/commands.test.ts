// Goal: `bench brokers` starts, shows and ends brokers, goes on when one fails, and leaves nothing of what failed;
// `bench doctor` names what is missing. Method: a provider whose server is a shell program, behind the real commands.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shutDownNodes, startNode } from '../../src/brokers/base-node.ts'
import type { LocalBrokerOptions, LocalBrokerProvider, Requirement } from '../../src/brokers/broker.ts'
import { isAlive, spawnServer, tail, waitUntil } from '../../src/brokers/process/index.ts'
import { workDirectory } from '../../src/brokers/state.ts'
import { type BrokersAction, runBrokers } from '../../src/cli/brokers.ts'
import { runDoctor } from '../../src/cli/doctor.ts'
import { AppError } from '../../src/errors/app-error.ts'

const before = process.env.BENCH_HOME
const home = mkdtempSync(join(tmpdir(), 'bench-commands-'))
beforeEach(() => {
  process.env.BENCH_HOME = home
})
afterAll(() => {
  if (before === undefined) delete process.env.BENCH_HOME
  else process.env.BENCH_HOME = before
  rmSync(home, { recursive: true })
})
const never = new AbortController().signal

async function up(name: string, options: LocalBrokerOptions, signal: AbortSignal) {
  if (name === 'rabbitmq')
    throw new AppError('MISSING_TOOL', 'expected Erlang, found none', { hint: 'get Erlang' })
  options.log('starting')
  const logFile = join(options.directory, 'logs', `${name}.log`)
  const script = 'echo ready; sleep 1000'
  const start = async (startSignal: AbortSignal) => {
    const request = {
      command: 'sh',
      args: ['-c', script],
      env: process.env,
      cwd: '/',
      logFile,
      signal: startSignal,
    }
    const server = spawnServer(request)
    const ready = () => tail(logFile, 1) === 'ready'
    await waitUntil(ready, { limitMs: 20_000, everyMs: 5, what: 'readiness', server }, startSignal)
    return server
  }
  const address = '127.0.0.1:9092'
  const node = await startNode(
    { name: `${name}-1`, bound: address, advertised: address, logFile, start },
    signal,
  )
  const facts = {
    version: '4.3.1',
    runtime: 'native',
    servers: [address],
    settings: { heap: '1 GiB' },
  } as const
  return {
    name,
    ...facts,
    topology: options.topology,
    nodes: [node],
    down: () => shutDownNodes([node], [], 5000),
  }
}

async function providerOf(name: string): Promise<LocalBrokerProvider> {
  const inspected: Record<string, Requirement[]> = {
    kafka: [{ what: 'Java', found: false, detail: 'will be unpacked' }],
    rabbitmq: [{ what: 'Erlang', found: false, detail: 'missing', command: 'sudo dnf install erlang' }],
    pulsar: [{ what: 'Java', found: true, detail: '/usr/bin/java' }],
    otlp: [{ what: 'the gateway', found: true, detail: 'a part of bench' }],
  }
  return { name, inspect: async () => inspected[name]!, up: (options, signal) => up(name, options, signal) }
}

async function brokers(action: BrokersAction, names: string[], json = false) {
  const stdout: string[] = []
  const stderr: string[] = []
  const out = { stdout: (line: string) => stdout.push(line), stderr: (line: string) => stderr.push(line) }
  const code = await runBrokers(action, names, { topology: 'single', json }, out, never, providerOf)
  return { code, stdout: stdout.join('\n'), stderr: stderr.join('\n') }
}

const nodeOf = (text: string) => JSON.parse(text).brokers[0].details.nodes[0]

test('up, status, up again, logs, down', async () => {
  const first = await brokers('up', ['kafka'])
  expect(first.code).toBe(0)
  expect(first.stdout).toContain('kafka: is up at 127.0.0.1:9092 (4.3.1, native, single')
  expect(first.stderr).toContain('kafka: starting')
  const node = nodeOf((await brokers('status', ['kafka'], true)).stdout)
  expect(node).toMatchObject({ name: 'kafka-1', running: true })
  expect(isAlive(node.pid)).toBe(true)
  expect((await brokers('up', ['kafka'])).stdout).toContain('is up already')
  expect((await brokers('logs', ['kafka'])).stdout).toBe('kafka-1: ready')
  const down = await brokers('down', ['kafka'])
  expect(down.code).toBe(0)
  expect(isAlive(node.pid)).toBe(false)
  expect(tail(join(workDirectory('kafka'), 'logs', 'kafka.log'), 1)).toBe('ready')
  expect((await brokers('status', ['kafka'])).stdout).toBe('kafka: is down')
  expect((await brokers('down', ['kafka'])).stdout).toBe('kafka: was down already')
})

test('a broker that cannot be had does not keep the others from starting; the exit code says it was a part', async () => {
  const { code, stdout, stderr } = await brokers('up', [])
  expect(code).toBe(9)
  expect(stdout).toContain('kafka: is up')
  expect(stderr).toContain('rabbitmq: expected Erlang, found none\n  get Erlang')
  expect((await brokers('down', [])).code).toBe(0)
  expect((await brokers('up', ['rabbitmq'])).code).toBe(4)
})

test('a server that died is told, and the next up starts it anew', async () => {
  await brokers('up', ['kafka'])
  const { pid } = nodeOf((await brokers('status', ['kafka'], true)).stdout)
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => !isAlive(pid), { limitMs: 20_000, everyMs: 5, what: 'its end' }, never)
  const status = await brokers('status', ['kafka'])
  expect(status.code).toBe(4)
  expect(status.stdout).toContain('0 of 1 nodes run')
  expect((await brokers('up', ['kafka'])).stdout).toContain('kafka: is up at')
  expect((await brokers('down', ['kafka'])).code).toBe(0)
})

test('an unknown name is refused before anything is done', async () => {
  await expect(brokers('up', ['kafka', 'activemq'])).rejects.toThrow("got 'activemq'")
  expect((await brokers('status', ['kafka'])).stdout).toBe('kafka: is down')
})

test('the doctor names what is missing with the command that gets it', async () => {
  const lines: string[] = []
  const out = { stdout: (line: string) => lines.push(line), stderr: () => {} }
  expect(await runDoctor({ json: false }, out, providerOf)).toBe(4)
  const text = lines.join('\n')
  expect(text).toContain('get it: sudo dnf install erlang')
  expect(text).toContain('rabbitmq: cannot be used here yet')
  expect(text).toMatch(/kafka\n\s+-\s+Java: will be unpacked/)
  lines.length = 0
  await runDoctor({ json: true }, out, providerOf)
  const { sections } = JSON.parse(lines.join('\n'))
  const available = sections.map((section: { name: string; available: boolean }) => [
    section.name,
    section.available,
  ])
  expect(available).toEqual([
    ['bench', true],
    ['kafka', true],
    ['rabbitmq', false],
    ['pulsar', true],
    ['otlp', true],
  ])
})
