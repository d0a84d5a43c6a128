// Goal: the live server tells every page all there is to see, once, in order and in bounded memory, and answers nobody
// but this machine. Method: a real server on a free port, asked over HTTP and raw sockets while a run is told.
import { afterEach, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { createEventLog } from '../../src/live/event-log.ts'
import { type LiveRun, type LiveServer, startLiveServer } from '../../src/live/index.ts'
import { LIVE_LIMITS } from '../../src/live/limits.ts'
import { sampleResult, sampleSide } from '../result/sample-result.ts'
import { pollUntil } from '../support/poll.ts'
import { openEvents } from './event-source.ts'
import { HOSTILE, sampleRun, secondEvent, tellTrial, trialEvent } from './sample-events.ts'

const LIMIT_MS = 20_000
let servers: LiveServer[] = []

function serve(run: LiveRun, unreadMessages?: number): LiveServer {
  const server = startLiveServer(run, {
    port: 0,
    ...(unreadMessages === undefined ? {} : { unreadMessages }),
  })
  servers.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  servers = []
})

test('who comes late gets the history, then what happens', async () => {
  const run = sampleRun()
  const server = serve(run)
  tellTrial(run, 'first')
  const events = await openEvents(server.url)
  await events.until('side-done')
  run.tell(trialEvent('second'))
  run.tell(secondEvent('second', 1))
  await events.until('second', 6)
  expect(events.names()).toEqual([
    'hello',
    'trial',
    ...Array.from({ length: 5 }, () => 'second'),
    'side-done',
    'trial',
    'second',
  ])
  expect(events.all[0]!.data).toMatchObject({ resumed: false, facts: { id: 'exp-20261121-100000' } })
  events.close()
  await pollUntil('the client to be gone', LIMIT_MS, () => server.clientCount === 0)
})

test('who comes back gets what it has missed, and nothing twice', async () => {
  const run = sampleRun()
  const server = serve(run)
  tellTrial(run, 'first')
  const before = await openEvents(server.url)
  await before.until('side-done')
  before.close()
  tellTrial(run, 'second')
  const after = await openEvents(server.url, before.all.at(-1)!.id)
  await after.until('side-done')
  expect(after.names()).toEqual(['hello', 'trial', ...Array.from({ length: 5 }, () => 'second'), 'side-done'])
  expect(after.all[0]!.data).toMatchObject({ resumed: true })
  after.close()
})

test.each(['another-run:3', '', 'nonsense', ':', '-1', 'x:99999999'])(
  'the id %j is none of this run: everything is told',
  async (id) => {
    const run = sampleRun()
    tellTrial(run, 'first')
    const events = await openEvents(serve(run).url, id)
    await events.until('side-done')
    expect(events.all[0]!.data).toMatchObject({ resumed: false })
    expect(events.names().filter((name) => name === 'second')).toHaveLength(5)
    events.close()
  },
)

test('the end is told, the stream ends, and a page that comes after it learns of it', async () => {
  const run = sampleRun()
  const server = serve(run)
  const events = await openEvents(server.url)
  const late = await openEvents(server.url)
  run.end({ sentence: 'All sides held.', tone: 'good', report: '/somewhere/index.html' })
  const after = await openEvents(server.url)
  await Promise.all([server.close(), events.ended, late.ended, after.ended])
  expect(events.all.at(-1)!.data).toEqual({
    kind: 'ended',
    sentence: 'All sides held.',
    tone: 'good',
    report: '/somewhere/index.html',
  })
  expect(late.names()).toEqual(['hello', 'ended'])
  expect(after.names()).toEqual(['hello', 'ended'])
  expect(fetch(server.url)).rejects.toThrow()
})

test('closing does not wait for a page that reads nothing', async () => {
  const run = sampleRun()
  const server = serve(run)
  const socket = await lazyClient(server.url)
  for (let i = 0; i < 200; i++) run.tell(hugeStep())
  run.end({ sentence: 'over', tone: 'bad', report: null })
  await server.close()
  expect(fetch(server.url)).rejects.toThrow()
  socket.destroy()
})

test('a page that does not read is dropped, the others are not', async () => {
  const run = sampleRun()
  const server = serve(run, 4)
  const socket = await lazyClient(server.url)
  const reader = await openEvents(server.url)
  await pollUntil('two clients', LIMIT_MS, () => server.clientCount === 2)
  let told = 0
  await pollUntil('the lazy client to be dropped', LIMIT_MS, async () => {
    for (let i = 0; i < 4; i++, told++) run.tell(hugeStep())
    await reader.until('step', told)
    return server.clientCount === 1
  })
  expect(reader.names().filter((name) => name === 'step')).toHaveLength(told)
  reader.close()
  // Its connection is closed, too: once it has read what the system held for it.
  socket.resume()
  await pollUntil('the lazy client’s connection to be closed', LIMIT_MS, () => socket.closed)
})

test('one page too many is refused in words', async () => {
  const server = serve(sampleRun())
  const all = await Promise.all(Array.from({ length: LIVE_LIMITS.clients }, () => openEvents(server.url)))
  const refused = await fetch(`${server.url}events`)
  expect(refused.status).toBe(503)
  expect(await refused.text()).toContain('too many')
  for (const events of all) events.close()
})

test.each([
  ['a name that points at us', { host: 'evil.example' }, 403],
  ['a page of another site', { origin: 'https://evil.example' }, 403],
  ['a page without an address', { origin: 'null' }, 403],
  ['a tunnel', { host: 'localhost:9999', origin: 'http://localhost:9999' }, 200],
  ['another method', { method: 'POST' }, 405],
  ['no body asked for', { method: 'HEAD' }, 405],
] as const)('%s', async (_, request, status) => {
  const { hostname, port } = new URL(serve(sampleRun()).url)
  const { method = 'GET', host = '127.0.0.1', origin }: Partial<Record<string, string>> = request
  const head = [`${method} /metrics HTTP/1.1`, `Host: ${host}`, 'Connection: close']
  if (origin !== undefined) head.push(`Origin: ${origin}`)
  const answer = await raw(hostname, Number(port), `${head.join('\r\n')}\r\n\r\n`)
  expect(answer.split(' ')[1]).toBe(String(status))
  if (status !== 200) expect(answer).not.toContain('bench_')
})

test('a port that is in use is refused in words', () => {
  const { port } = new URL(serve(sampleRun()).url)
  expect(() => startLiveServer(sampleRun(), { port: Number(port) })).toThrow(
    /expected port \d+ to be free.*in use/,
  )
})

test('the page holds hostile names as text, and only our scripts', async () => {
  const response = await fetch(serve(sampleRun([HOSTILE], HOSTILE)).url)
  const html = await response.text()
  expect(html).not.toContain('<script>alert')
  expect(html.match(/<script/g)).toHaveLength(4)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('finished trials are told as the report draws them, sides by their place in the plan, once', async () => {
  const run = sampleRun(['rabbitmq', 'other', 'kafka'])
  const server = serve(run)
  const early = await openEvents(server.url)
  run.takeResult(sampleResult({ sides: [sampleSide('kafka')] }))
  run.takeResult(sampleResult())
  await early.until('charts', 2)
  const late = await openEvents(server.url)
  await late.until('charts')
  expect(late.names()).toEqual(['hello', 'charts'])
  expect(late.all.at(-1)).toEqual(early.all.at(-1)!)
  const sidesOf = (event: number) => {
    const loads = early.all.filter(({ name }) => name === 'charts')[event]!.data as {
      title: string
      percentiles: { title: string; sides: { side: number }[] }[]
    }[]
    expect(loads.map(({ title }) => title)).toEqual(['1,000 msg/s'])
    expect(loads[0]!.percentiles.map(({ title }) => title)).toEqual(['Publish latency', 'End-to-end latency'])
    return loads[0]!.percentiles[0]!.sides.map(({ side }) => side)
  }
  expect([sidesOf(0), sidesOf(1)]).toEqual([[2], [2, 0]])
  early.close()
  late.close()
})

test('the history is bounded, and holds only the last trial of each side', () => {
  const log = createEventLog({ seconds: 3, milestones: 4 })
  const second = (side: string, at: number) => log.append(secondEvent(side, at) as never)
  const kinds = () => log.since(0).map(({ event }) => `${event.kind} ${'side' in event ? event.side : ''}`)
  log.append(trialEvent('a') as never)
  for (let at = 1; at <= 4; at++) second('a', at)
  expect(log.forgottenSeconds).toBe(1)
  log.append(trialEvent('b') as never)
  second('b', 1)
  expect(kinds()).toEqual(['trial a', 'second a', 'second a', 'trial b', 'second b'])
  log.append(trialEvent('a', 2) as never)
  expect(kinds()).toEqual(['trial a', 'trial b', 'second b', 'trial a'])
  for (let number = 3; number < 20; number++) log.append(trialEvent('a', number) as never)
  expect(log.since(0)).toHaveLength(5)
  expect(log.since(log.last)).toEqual([])
})

function hugeStep() {
  return { kind: 'step', side: 'first'.repeat(20_000), step: 'broker', detail: '' } as const
}

/** Asks for the events and reads nothing of the answer. */
async function lazyClient(url: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.pause()
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  socket.write(`GET /events HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  socket.on('error', () => {})
  return socket
}

async function raw(hostname: string, port: number, text: string): Promise<string> {
  const socket = connect(port, hostname)
  socket.setEncoding('utf8').write(text)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}
