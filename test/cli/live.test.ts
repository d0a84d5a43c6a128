// Goal: `bench run --live` serves its page while it runs, tells all of the run, and is gone with it, whatever ends it.
// Method: the command line over the fake system, with a client of the events and a reader of /metrics beside it.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { livePort, withoutGreedyLive } from '../../src/cli/live-option.ts'
import type { ExperimentResult } from '../../src/result/result.ts'
import { openEvents, type ReceivedEvent } from '../live/event-source.ts'
import { benchHome, ROOT, type Running } from '../support/bench.ts'
import { pollUntil } from '../support/poll.ts'

const home = benchHome()
const FAKE = join(ROOT, 'test/support/drivers/fake.yaml')
const LIMIT_MS = 120_000
const SHORT = join(home.path, 'short.yaml')
writeFileSync(
  SHORT,
  'topics: 1\nmessageSize: 200\nproducerRate: 500\ntestDurationSeconds: 3\nwarmupDurationSeconds: 1\n',
)
afterAll(() => home.remove())

/** The address that the run has printed. */
async function addressOf(running: Running): Promise<string> {
  await running.seen(/live: http\S+/)
  return /live: (http\S+)/.exec(running.stderr())![1]!
}

type Event = Readonly<Record<string, unknown>>
const dataOf = (all: readonly ReceivedEvent[], name: string) =>
  all.filter((event) => event.name === name).map(({ data }) => data as Event)

test(
  'a page that listens is told the whole run, and where the report lies',
  async () => {
    const running = home.start(['run', '--live', SHORT, '--drivers', `first=${FAKE},second=${FAKE}`])
    const url = await addressOf(running)
    const events = await openEvents(url)
    expect((await fetch(url)).headers.get('content-type')).toContain('text/html')
    await events.until('second', 2)
    const metrics = await fetch(`${url}metrics`)
    expect(metrics.headers.get('content-type')).toStartWith('application/openmetrics-text')
    expect(await metrics.text()).toMatch(/bench_messages_scheduled_total\{side="first",phase="\w+"\} [1-9]/)
    const finished = await running.finished
    await events.ended
    const result: ExperimentResult = await Bun.file(join(home.path, 'latest/result.json')).json()

    expect(
      dataOf(events.all, 'trial').map(({ side, number, of, place }) => [side, number, of, place]),
    ).toEqual([
      ['first', 1, 1, 0],
      ['second', 1, 1, 1],
    ])
    expect(dataOf(events.all, 'side-done').map(({ side, integrity }) => [side, integrity])).toEqual([
      ['first', 'intact'],
      ['second', 'intact'],
    ])
    expect(events.names().at(-1)).toBe('ended')
    expect(events.all.at(-1)!.data).toMatchObject({ report: join(home.path, result.id, 'report/index.html') })
    // What is acknowledged after the last whole second is in the report only.
    const told = dataOf(events.all, 'second').filter(({ side }) => side === 'first')
    for (const key of ['scheduled', 'acknowledged', 'received']) {
      const sum = told.reduce((total, { counts }) => total + (counts as Record<string, number>)[key]!, 0)
      expect(sum).toBeGreaterThan(1_000)
      expect(sum).toBeLessThanOrEqual(2_000)
    }
    expect(told.every(({ publish, counts }) => publish !== null || !(counts as Event).acknowledged)).toBe(
      true,
    )
    expect([0, 6]).toContain(finished.exitCode)
    expect(fetch(url)).rejects.toThrow()
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'Ctrl-C: the page learns of failures and of the end, and the server is gone with the run',
  async () => {
    // Three of the first hundred messages are lost on the way: their fate is never known.
    const side = `${FAKE}+faults.lose=3+faults.window=100`
    const running = home.start(['run', SHORT, '--drivers', side, '--live', '--quiet'])
    const url = await addressOf(running)
    const events = await openEvents(url)
    const last = () => dataOf(events.all, 'second').at(-1)
    await pollUntil('three failures', LIMIT_MS / 2, () => last()?.failed === 3)
    expect(last()).toMatchObject({ errors: { timeout: 3 } })
    const metrics = await (await fetch(`${url}metrics`)).text()
    const errors = metrics.matchAll(/^bench_errors_total\{side="fake",phase="\w+",kind="timeout"\} (\d+)$/gm)
    expect([...errors].reduce((sum, [, count]) => sum + Number(count), 0)).toBe(3)
    running.signal('SIGINT')
    const finished = await running.finished
    await events.ended
    expect(finished.exitCode).toBe(130)
    expect(events.names().at(-1)).toBe('ended')
    expect(String((events.all.at(-1)!.data as Event).sentence)).toContain('interrupted')
    expect(fetch(url)).rejects.toThrow()
    expect(await home.leftovers()).toEqual([])
  },
  LIMIT_MS,
)

test(
  'a port in use is refused in words before anything runs',
  async () => {
    const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
    try {
      const finished = await home.run(['run', SHORT, '--drivers', FAKE, '--live', String(taken.port)])
      expect(finished.exitCode).toBe(2)
      expect(finished.stderr).toContain(`expected port ${taken.port} to be free for --live; it is in use`)
      expect(finished.stderr).not.toContain('experiment exp-')
    } finally {
      await taken.stop(true)
    }
  },
  LIMIT_MS,
)

test('--live takes the next word for its port only when it is a number', () => {
  expect(withoutGreedyLive(['run', '--live', 'w.yaml'])).toEqual(['run', '--live=0', 'w.yaml'])
  expect(withoutGreedyLive(['run', '--live', '8080', 'w.yaml'])).toEqual(['run', '--live', '8080', 'w.yaml'])
  expect(withoutGreedyLive(['run', 'w.yaml', '--live'])).toEqual(['run', 'w.yaml', '--live=0'])
  expect(withoutGreedyLive(['run', '--live=9'])).toEqual(['run', '--live=9'])
})

test('a port is a port', () => {
  expect([undefined, false, true, 0, 8080, '8080'].map(livePort)).toEqual([null, null, 0, 0, 8080, 8080])
  for (const value of [-1, 65_536, 1.5, 'x', '', [1, 2]])
    expect(() => livePort(value)).toThrow(/--live: expected a port/)
})
