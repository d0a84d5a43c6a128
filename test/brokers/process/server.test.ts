// Goal: servers start in a group of their own, end when told, and a failed start says why.
// Method: small shell programs as servers.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePorts,
  isAlive,
  type ServerProcess,
  spawnServer,
  tail,
  waitUntil,
} from '../../../src/brokers/process/index.ts'
import { AppError } from '../../../src/errors/app-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-server-'))
afterAll(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal
let logs = 0

function shell(script: string, signal: AbortSignal = never): ServerProcess {
  const logFile = join(folder, 'logs', `${++logs}.log`)
  return spawnServer({ command: 'sh', args: ['-c', script], env: process.env, cwd: folder, logFile, signal })
}

async function logged(server: ServerProcess, text: string): Promise<void> {
  const what = `'${text}' in the log`
  await waitUntil(
    () => tail(server.logFile, 50).includes(text),
    { limitMs: 20_000, everyMs: 5, what, server },
    never,
  )
}

async function errorOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => null,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return error
}

test('stop is polite: the server may end by itself', async () => {
  const server = shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done")
  await logged(server, 'ready')
  await server.stop(20_000)
  expect(server.exit()).toEqual({ code: 7, signal: null })
  expect(tail(server.logFile, 1)).toBe('bye')
  await server.stop(1)
  await server.kill()
})

test('its temporary folder is empty at the start, and goes with it also when it is killed', async () => {
  const temporaryFolder = join(folder, 'temporary')
  mkdirSync(temporaryFolder)
  writeFileSync(join(temporaryFolder, 'old'), '')
  const script = 'touch temporary/new; echo ready; sleep 100'
  const logFile = join(folder, 'logs', 'temporary.log')
  const command = { command: 'sh', args: ['-c', script], env: process.env, cwd: folder }
  const server = spawnServer({ ...command, logFile, temporaryFolder, signal: never })
  await logged(server, 'ready')
  expect(readdirSync(temporaryFolder)).toEqual(['new'])
  await server.kill()
  expect(existsSync(temporaryFolder)).toBe(false)
})

test('stop ends by force what does not listen, with its children', async () => {
  const server = shell("trap '' TERM; sleep 100 & echo child $!; wait; while :; do sleep 0.05; done")
  await logged(server, 'child')
  const child = Number(/child (\d+)/.exec(tail(server.logFile, 5))?.[1])
  expect(isAlive(child)).toBe(true)
  await server.stop(50)
  expect(server.exit()?.signal).toBe('SIGKILL')
  await waitUntil(() => !isAlive(child), { limitMs: 20_000, everyMs: 5, what: 'end of the child' }, never)
})

test('what a leader leaves behind in its group is ended with it', async () => {
  const server = shell('sleep 100 & echo child $!')
  await server.exited
  const child = Number(/child (\d+)/.exec(tail(server.logFile, 5))?.[1])
  await waitUntil(() => !isAlive(child), { limitMs: 20_000, everyMs: 5, what: 'end of the child' }, never)
})

test('a Ctrl-C in the terminal does not reach a server: it leads its own group', async () => {
  const server = shell('ps -o pgid= -p $$; echo done; sleep 100')
  await logged(server, 'done')
  expect(Number(tail(server.logFile, 2).split('\n')[0])).toBe(server.pid)
  await server.kill()
})

test('an abort ends it', async () => {
  const controller = new AbortController()
  const server = shell('sleep 100', controller.signal)
  controller.abort(new Error('stopped'))
  expect((await server.exited).signal).toBe('SIGKILL')
  expect(() => shell('sleep 100', controller.signal)).toThrow('stopped')
})

test('a program that is not there is named', () => {
  const options = {
    command: '/nowhere/server',
    args: [],
    env: {},
    cwd: folder,
    logFile: join(folder, 'no.log'),
    signal: never,
  }
  expect(() => spawnServer(options)).toThrow('/nowhere/server')
})

test('waiting fails early when the server exits, quoting its last lines', async () => {
  const server = shell('echo port is taken; exit 3')
  const options = { limitMs: 60_000, everyMs: 10, what: 'first message', server }
  const error = await errorOf(waitUntil(() => false, options, never))
  expect(error.code).toBe('PREPARE')
  expect(error.message).toContain('expected first message, but the server ended with status 3')
  expect(error.message).toContain('port is taken')
  expect(error.hint).toContain(server.logFile)
})

test('waiting fails at its limit, quoting what the probe said last, and tells the probe', async () => {
  let told = false
  const probe = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => {
      told = true
    })
    throw new Error('connection refused')
  }
  const error = await errorOf(waitUntil(probe, { limitMs: 60, everyMs: 5, what: 'a port' }, never))
  expect(error.message).toBe('expected a port within 0.06 s, got: connection refused')
  expect(told).toBe(true)
})

test('a probe that never answers does not hold the waiting up', async () => {
  const options = { limitMs: 50, everyMs: 5, what: 'an answer' }
  await errorOf(waitUntil(() => new Promise<boolean>(() => {}), options, never))
})

test('an abort ends the waiting with its reason', async () => {
  const controller = new AbortController()
  const waiting = waitUntil(() => false, { limitMs: 60_000, everyMs: 5, what: 'nothing' }, controller.signal)
  controller.abort(new Error('Ctrl-C'))
  await expect(waiting).rejects.toThrow('Ctrl-C')
})

test('free ports differ and can be used', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  const server = createServer()
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(ports[7], '127.0.0.1', resolve),
  )
  await new Promise((resolve) => server.close(resolve))
})

test('the tail of a log', async () => {
  const file = join(folder, 'long.log')
  await Bun.write(file, Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join(''))
  expect(tail(file, 2)).toBe('line 49998\nline 49999')
  expect(tail(join(folder, 'none'), 2)).toBe('')
})
