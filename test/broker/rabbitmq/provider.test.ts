// Goal: the provider says plainly what it lacks, leaves nothing behind when its start is aborted, and starts a container
// where an engine has the image.
// Method: an empty PATH, an aborted start, and BENCH_RUNTIME; without an engine the container test is skipped loudly.
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chooseEngine, containerEngine } from '../../../src/brokers/container/index.ts'
import { isAlive } from '../../../src/brokers/process/index.ts'
import { RABBITMQ_IMAGE } from '../../../src/brokers/rabbitmq/rabbitmq-container.ts'
import { rabbitmqProvider } from '../../../src/brokers/rabbitmq/rabbitmq-provider.ts'
import { messageOf } from '../../../src/errors/app-error.ts'
import { limit, makeTopic, openDriver, openProducer, until } from './support/client.ts'

setDefaultTimeout(200_000)

const { BENCH_RUNTIME } = process.env
const directory = mkdtempSync(join(tmpdir(), 'bench-rabbitmq-provider-'))
const options = { topology: 'single', profile: 'quick', directory, log: () => undefined } as const

afterEach(() => {
  if (BENCH_RUNTIME === undefined) delete process.env.BENCH_RUNTIME
  else process.env.BENCH_RUNTIME = BENCH_RUNTIME
  rmSync(directory, { recursive: true, force: true })
})

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => 'no failure',
    (error) => error,
  )
}

test('without apt-get it says what is missing, in inspect and in up', () => {
  // A process of its own: Bun looks programs up in the PATH it was started with.
  const module = join(import.meta.dir, '../../../src/brokers/rabbitmq/rabbitmq-provider.ts')
  const script = `
    const { rabbitmqProvider } = await import(${JSON.stringify(module)})
    const options = ${JSON.stringify({ topology: 'single', profile: 'quick', directory })}
    const [{ found }] = await rabbitmqProvider.inspect()
    const up = rabbitmqProvider.up({ ...options, log() {} }, new AbortController().signal)
    const error = await up.catch((thrown) => thrown)
    console.log(JSON.stringify({ found, code: error.code, message: error.message }))`
  const env = { ...process.env, PATH: '/nowhere', BENCH_RUNTIME: 'native' }
  const child = Bun.spawnSync([process.execPath, '-e', script], { env, timeout: 30_000 })
  const answer = JSON.parse(child.stdout.toString())
  expect(answer).toMatchObject({ found: false, code: 'MISSING_TOOL' })
  expect(answer.message).toContain('rabbitmq-server')
})

test('extra settings it does not know are refused', async () => {
  const error = await failureOf(rabbitmqProvider.up({ ...options, extra: { usrs: [] } }, limit()))
  expect(messageOf(error)).toContain('extra settings of RabbitMQ')
})

test('an aborted start leaves no process and no data', async () => {
  process.env.BENCH_RUNTIME = 'native'
  const abort = new AbortController()
  const up = failureOf(rabbitmqProvider.up(options, abort.signal))
  const pidFile = join(directory, 'rabbitmq-1', 'pid')
  await until(
    'the Erlang VM to start',
    () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '',
    180_000,
  )
  const pid = Number(readFileSync(pidFile, 'utf8'))
  expect(isAlive(pid)).toBe(true)
  abort.abort(new Error('enough'))
  expect(messageOf(await up)).toContain('enough')
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(join(directory, 'rabbitmq-1'))).toBe(false)
})

test('a container, where an engine has the image; a clear refusal where none was to be had', async () => {
  process.env.BENCH_RUNTIME = 'container'
  const engine = await chooseEngine(RABBITMQ_IMAGE, () => undefined, limit()).catch(() => null)
  if (engine === null) {
    const lacks = (await containerEngine()) === null ? 'a container engine' : RABBITMQ_IMAGE
    console.warn(`SKIPPED: RabbitMQ in a container needs ${lacks}, which is not here`)
    expect(await failureOf(rabbitmqProvider.up(options, limit()))).toMatchObject({ code: 'MISSING_TOOL' })
    return
  }
  const broker = await rabbitmqProvider.up(options, new AbortController().signal)
  try {
    expect(broker.runtime).toBe('container')
    const driver = await openDriver(broker.servers)
    const producer = await openProducer(driver, await makeTopic(driver))
    producer.send(20)
    await producer.settled()
    expect(producer.count('acknowledged')).toBe(20)
    await driver.close(limit())
  } finally {
    await broker.down()
  }
})
