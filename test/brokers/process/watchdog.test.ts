// Goal: servers do not outlive a bench that is killed, and do outlive one that leaves them up; `down` ends exactly those.
// Method: a small bench as a real process, killed by SIGKILL, aborted, or ended in order.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify, isAlive, signalSame, waitUntil } from '../../../src/brokers/process/index.ts'
import { readState, workDirectory } from '../../../src/brokers/state.ts'
import { takeDown } from '../../../src/brokers/take-down.ts'

const home = mkdtempSync(join(tmpdir(), 'bench-home-'))
process.env.BENCH_HOME = home
afterAll(() => rmSync(home, { recursive: true }))
const never = new AbortController().signal

async function owner(mode: string, name: string) {
  const command = [process.execPath, join(import.meta.dir, 'owner.fixture.ts'), mode, name]
  const bench = Bun.spawn(command, { cwd: home, env: process.env, stdout: 'pipe', stderr: 'inherit' })
  let text = ''
  for await (const chunk of bench.stdout) {
    text += new TextDecoder().decode(chunk)
    if (text.includes('\n')) break
  }
  const [server = 0, child = 0] = text.split(' ').map(Number)
  expect(isAlive(server) || mode === 'crash').toBe(true)
  return { bench, server, child }
}

async function untilGone(...pids: number[]): Promise<void> {
  const gone = () => !pids.some(isAlive)
  await waitUntil(gone, { limitMs: 30_000, everyMs: 10, what: `end of ${pids.join(', ')}` }, never)
}

test('SIGKILL of bench ends its servers and their children', async () => {
  const { bench, server, child } = await owner('stay', 'killed')
  expect(isAlive(child)).toBe(true)
  bench.kill('SIGKILL')
  await bench.exited
  await untilGone(server, child)
})

test('a crash of bench ends them too', async () => {
  const { bench, server, child } = await owner('crash', 'crashed')
  await bench.exited
  await untilGone(server, child)
})

test('a broker that is left up outlives the command; down ends it, wipes its data and keeps its log', async () => {
  const { bench, server, child } = await owner('leave', 'left')
  expect(await bench.exited).toBe(0)
  // Another bench comes and goes meanwhile: the watchdog of the first has had time to do wrong.
  const other = await owner('stay', 'other')
  other.bench.kill('SIGKILL')
  await untilGone(other.server, other.child)
  expect(isAlive(server)).toBe(true)
  expect(isAlive(child)).toBe(true)
  const state = readState('left')!
  expect(state.nodes[0]!.process).toEqual(identify(server))
  expect(await takeDown(state, 5000)).toEqual([])
  await untilGone(server, child)
  expect(readState('left')).toBeNull()
  expect(existsSync(join(workDirectory('left'), 'node-1', 'data'))).toBe(false)
  expect(existsSync(join(workDirectory('left'), 'node-1', 'server.log'))).toBe(true)
})

test('down leaves a process alone that took over the number', async () => {
  const { server, child } = await owner('leave', 'recycled')
  const state = readState('recycled')!
  const other = (identity: { pid: number; start: string } | null) => ({
    pid: identity!.pid,
    start: 'earlier',
  })
  const recycled = {
    ...state,
    processes: state.processes.map(other),
    nodes: state.nodes.map((node) => ({ ...node, process: other(node.process) })),
  }
  expect(await takeDown(recycled, 100)).toEqual([])
  expect(isAlive(server)).toBe(true)
  signalSame(identify(server)!, 'SIGKILL', { group: true })
  await untilGone(server, child)
})

test('down ends a halted server', async () => {
  const { server, child } = await owner('leave', 'halted')
  signalSame(identify(server)!, 'SIGSTOP')
  expect(await takeDown(readState('halted')!, 5000)).toEqual([])
  await untilGone(server, child)
})
