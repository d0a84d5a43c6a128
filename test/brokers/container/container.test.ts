// Goal: a server in a container is started, reached, halted and removed like a process, and never outlives bench.
// Method: the engine of this machine with a stand-in image of one static program (a small web server), made here.
// Without an engine only the choice of the runtime is tested.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CONTAINER_LABEL,
  chooseEngine,
  containerEngine,
  runContainer,
} from '../../../src/brokers/container/index.ts'
import { freePorts, isAlive, tail, waitUntil } from '../../../src/brokers/process/index.ts'
import { debianPackages, runCommand } from '../../../src/brokers/provision/index.ts'
import { skipLoudly } from '../../support/skip.ts'

const never = new AbortController().signal
const silent = () => {}
const before = process.env.BENCH_RUNTIME
beforeEach(() => {
  delete process.env.BENCH_RUNTIME
})
afterAll(() => {
  if (before !== undefined) process.env.BENCH_RUNTIME = before
})

const engine = await containerEngine()

test('a runtime that does not exist is refused', async () => {
  process.env.BENCH_RUNTIME = 'vm'
  await expect(chooseEngine('none', silent, never)).rejects.toThrow("got 'vm'")
})

test('native is native', async () => {
  process.env.BENCH_RUNTIME = 'native'
  expect(await chooseEngine('none', silent, never)).toBeNull()
})

test('an image that cannot be had: a line says so, unless a container was asked for', async () => {
  const said: string[] = []
  expect(await chooseEngine('bench.invalid/none:1', (line) => said.push(line), never)).toBeNull()
  expect(said.at(-1)).toEndWith('starting it natively')
  process.env.BENCH_RUNTIME = 'container'
  const error = await chooseEngine('bench.invalid/none:1', silent, never).catch((thrown) => thrown)
  expect(error.code).toBe('MISSING_TOOL')
})

const missing = engine === null && skipLoudly('no container engine answers: start Docker or Podman')
describe.skipIf(missing)('with an engine', () => {
  // Made in a hook: the body of a group runs even when the group is skipped.
  let folder: string
  let logFile: string
  const image = `bench-stand-in:${process.pid}`
  const docker = async (...args: string[]) => {
    const output = await runCommand({ command: engine!.command, args, limitMs: 60_000 }, never)
    return output.stdout.trim()
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bench-container-'))
    logFile = join(folder, 'server.log')
    const { root } = await debianPackages(['busybox-static'], silent, never)
    mkdirSync(join(folder, 'image', 'bin'), { recursive: true })
    copyFileSync(join(root, 'bin', 'busybox'), join(folder, 'image', 'bin', 'busybox'))
    const tar = join(folder, 'image.tar')
    await runCommand(
      { command: 'tar', args: ['-cf', tar, '-C', join(folder, 'image'), '.'], limitMs: 60_000 },
      never,
    )
    await docker('import', tar, image)
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await docker('rmi', '-f', image)
  })

  const script = `cd /; echo "$GREETING" > index.html; echo serving; exec /bin/busybox httpd -f -p 8080 -h /`
  async function start() {
    expect(await chooseEngine(image, silent, never)).not.toBeNull()
    const [port = 0] = await freePorts(1)
    const args = ['/bin/busybox', 'sh', '-c', script]
    const env = { GREETING: 'hello from inside' }
    const options = { image, name: 'stand-in', ports: { 8080: port }, env, args, logFile }
    const server = await runContainer(engine!, options, never)
    const url = `http://127.0.0.1:${port}/index.html`
    const fetchText = async (signal: AbortSignal) => (await fetch(url, { signal })).text()
    const answers = async (signal: AbortSignal) => (await fetchText(signal)) === 'hello from inside\n'
    await waitUntil(answers, { limitMs: 60_000, everyMs: 50, what: 'answer', server: server.logs }, never)
    return { server, fetchText }
  }

  test('it is reached on loopback, halted, continued, stopped and removed', async () => {
    const { server, fetchText } = await start()
    expect(isAlive(server.pid)).toBe(true)
    const logged = () => tail(logFile, 5).includes('serving')
    await waitUntil(logged, { limitMs: 60_000, everyMs: 20, what: 'its output in the log' }, never)
    const label = await docker('ps', '--filter', `label=${CONTAINER_LABEL}`, '--format', '{{.Names}}')
    expect(label.split('\n')).toContain(server.container)
    server.freeze!()
    await expect(fetchText(AbortSignal.timeout(500))).rejects.toThrow()
    server.unfreeze!()
    expect(await fetchText(AbortSignal.timeout(30_000))).toBe('hello from inside\n')
    await server.stop(1000)
    await server.stop(1000)
    expect(await docker('ps', '-aq', '--filter', `name=${server.container}`)).toBe('')
    expect(isAlive(server.pid)).toBe(false)
    expect(server.logs.exit()).not.toBeNull()
  })

  test('a container that ends at once is quoted and removed', async () => {
    const args = ['/bin/busybox', 'sh', '-c', 'echo the reason; exit 3']
    const options = { image, name: 'ends', ports: {}, env: {}, args, logFile }
    const error = await runContainer(engine!, options, never).then(
      async (server) => {
        const rest = { limitMs: 60_000, everyMs: 20, what: 'readiness', server: server.logs }
        return await waitUntil(() => false, rest, never).catch(async (thrown) => {
          await server.kill()
          return thrown
        })
      },
      (thrown) => thrown,
    )
    expect(error.message).toContain('the reason')
    expect(await docker('ps', '-aq', '--filter', 'name=bench-ends-')).toBe('')
  })

  test('SIGKILL of bench removes its container', async () => {
    const command = [
      process.execPath,
      join(import.meta.dir, 'container.fixture.ts'),
      image,
      join(folder, 'w.log'),
    ]
    const bench = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit', env: process.env })
    const { value } = await bench.stdout.getReader().read()
    const container = new TextDecoder().decode(value).trim()
    const listed = () => docker('ps', '-aq', '--filter', `name=${container}`)
    expect(await listed()).not.toBe('')
    bench.kill('SIGKILL')
    const options = { limitMs: 60_000, everyMs: 100, what: 'end of the container' }
    await waitUntil(async () => (await listed()) === '', options, never)
  })
})
