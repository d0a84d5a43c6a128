// Goal: a node can be killed, halted, continued, restarted and shut down, in every order that makes sense, and nothing
// runs afterwards. Method: a shell program as the server.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ManagedNode,
  type RunningServer,
  shutDownNodes,
  startNode,
} from '../../src/brokers/base-node.ts'
import { statFields } from '../../src/brokers/process/identity.ts'
import { isAlive, spawnServer, tail, waitUntil } from '../../src/brokers/process/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-node-'))
afterAll(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal
let count = 0

function parts(script = 'echo ready; while :; do sleep 0.02; done') {
  const name = `node-${++count}`
  const logFile = join(folder, `${name}.log`)
  const start = async (signal: AbortSignal): Promise<RunningServer> => {
    const server = spawnServer({
      command: 'sh',
      args: ['-c', script],
      env: process.env,
      cwd: folder,
      logFile,
      signal,
    })
    const ready = () => tail(logFile, 1).includes('ready')
    await waitUntil(ready, { limitMs: 20_000, everyMs: 5, what: 'readiness', server }, signal)
    return server
  }
  return { name, bound: '127.0.0.1:1', advertised: '127.0.0.1:1', logFile, start }
}

const stateOf = (node: ManagedNode) => statFields(node.pid)?.[0] ?? 'gone'
async function untilState(node: ManagedNode, wanted: RegExp): Promise<void> {
  const what = `process state ${wanted}`
  await waitUntil(() => wanted.test(stateOf(node)), { limitMs: 20_000, everyMs: 5, what }, never)
}

test.skipIf(process.platform !== 'linux')('halt and continue', async () => {
  const node = await startNode(parts(), never)
  node.stop()
  node.stop()
  await untilState(node, /T/)
  node.continue()
  await untilState(node, /[SR]/)
  await node.shutDown(10_000)
})

test('kill and restart: another process, the same node', async () => {
  const node = await startNode(parts(), never)
  const first = node.pid
  await node.kill()
  await node.kill()
  expect(isAlive(first)).toBe(false)
  await node.restart(never)
  expect(node.pid).not.toBe(first)
  expect(isAlive(node.pid)).toBe(true)
  await node.shutDown(10_000)
  await node.shutDown(10_000)
  expect(isAlive(node.pid)).toBe(false)
})

test('what is done after a kill begins once, at the kill, and a restart waits for it', async () => {
  const said: string[] = []
  const gate = Promise.withResolvers<void>()
  const afterKill = async () => {
    said.push('begun')
    await gate.promise
    said.push('done')
  }
  const node = await startNode({ ...parts(), afterKill }, never)
  await node.kill()
  await node.kill()
  expect(said).toEqual(['begun'])
  const back = node.restart(never).then(() => said.push('back'))
  gate.resolve()
  await back
  expect(said).toEqual(['begun', 'done', 'back'])
  await node.shutDown(10_000)
})

test('what is done after a kill fails the restart; a restart given up and the end of all end it', async () => {
  const failing = await startNode({ ...parts(), afterKill: () => Promise.reject(new Error('no')) }, never)
  await failing.kill()
  await expect(failing.restart(never)).rejects.toThrow('no')
  await failing.shutDown(10_000)

  let ended = 0
  const afterKill = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => {
        ended++
        reject(new Error('ended'))
      })
    })
  const givenUp = await startNode({ ...parts(), afterKill }, never)
  await givenUp.kill()
  const stop = new AbortController()
  const back = givenUp.restart(stop.signal)
  stop.abort()
  await expect(back).rejects.toThrow('ended')
  await givenUp.shutDown(10_000)

  const shut = await startNode({ ...parts(), afterKill }, never)
  await shut.kill()
  await shut.shutDown(10_000)
  expect(ended).toBe(2)
})

test('a restart of a node that runs is refused', async () => {
  const node = await startNode(parts(), never)
  await expect(node.restart(never)).rejects.toThrow('to be killed before its restart')
  await node.kill()
})

test('a halted node is shut down cleanly, and its data is wiped', async () => {
  const data = join(folder, 'data')
  mkdirSync(data)
  const node = await startNode(
    parts("trap 'echo clean; exit 0' TERM; echo ready; while :; do sleep 0.02; done"),
    never,
  )
  node.stop()
  await shutDownNodes([node], [data], 20_000)
  expect(tail(node.logFile, 1)).toBe('clean')
  expect(existsSync(data)).toBe(false)
  await shutDownNodes([node], [data], 20_000)
})

test('the signal of the start no longer ends a node that is healthy', async () => {
  const controller = new AbortController()
  const node = await startNode(parts(), controller.signal)
  controller.abort(new Error('Ctrl-C'))
  await Bun.sleep(0)
  node.stop()
  node.continue()
  expect(isAlive(node.pid)).toBe(true)
  await node.kill()
})

test('an abort during the start leaves nothing', async () => {
  const controller = new AbortController()
  const neverReady = parts('echo $$; sleep 1000')
  const starting = startNode(neverReady, controller.signal)
  await waitUntil(
    () => tail(neverReady.logFile, 1) !== '',
    { limitMs: 20_000, everyMs: 5, what: 'pid' },
    never,
  )
  controller.abort(new Error('Ctrl-C'))
  await expect(starting).rejects.toThrow('Ctrl-C')
  const pid = Number(tail(neverReady.logFile, 1))
  await waitUntil(() => !isAlive(pid), { limitMs: 20_000, everyMs: 5, what: 'end of the server' }, never)
})
