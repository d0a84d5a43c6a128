// Goal: what is written of a broker that was left up is read again or refused, never guessed; one command at a time
// has a broker's name. Method: files in a folder of their own. Real processes: process/watchdog.test.ts.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker } from '../../src/brokers/broker.ts'
import { identify } from '../../src/brokers/process/index.ts'
import { brokerDirectory, claim, livingNodes, readState, writeState } from '../../src/brokers/state.ts'

const before = process.env.BENCH_HOME
const home = mkdtempSync(join(tmpdir(), 'bench-state-'))
beforeEach(() => {
  process.env.BENCH_HOME = home
})
afterAll(() => {
  if (before === undefined) delete process.env.BENCH_HOME
  else process.env.BENCH_HOME = before
  rmSync(home, { recursive: true })
})

function broker(name: string, pids: readonly number[]): LocalBroker {
  const nodes = pids.map((pid, index) => ({
    name: `n${index}`,
    bound: '127.0.0.1:1',
    pid,
    logFile: `/log/${index}`,
  }))
  const fields = {
    version: '4.3.1',
    runtime: 'native',
    topology: 'cluster',
    servers: ['127.0.0.1:1'],
    settings: { heap: '1 GiB' },
  }
  return { name, ...fields, nodes } as unknown as LocalBroker
}

test('written and read', async () => {
  const guarded = { processes: [identify(process.pid)!], containers: ['docker bench-x-1'] }
  const state = await writeState(broker('kafka', [process.pid, 2 ** 30]), guarded)
  expect(readState('kafka')).toEqual(state)
  expect(state.settings).toEqual({ heap: '1 GiB' })
  expect(state.containers).toEqual(['docker bench-x-1'])
  expect(livingNodes(state).map(({ name }) => name)).toEqual(['n0'])
  expect(readState('rabbitmq')).toBeNull()
})

test('what cannot be read is named, with what to do', async () => {
  for (const text of ['{ half', '{"schemaVersion": 99}', 'null']) {
    await Bun.write(join(brokerDirectory('broken'), 'state.json'), text)
    expect(() => readState('broken')).toThrow(join(brokerDirectory('broken'), 'state.json'))
  }
})

test('one command at a time; a claim of a dead process does not count', async () => {
  const unclaim = await claim('kafka')
  await expect(claim('kafka')).rejects.toThrow(`process ${process.pid}`)
  await unclaim()
  await Bun.write(join(brokerDirectory('kafka'), 'claimed-by'), `${process.pid} another-start`)
  const again = await claim('kafka')
  await again()
})
