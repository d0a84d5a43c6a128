// Goal: faults come at their seconds, last as long as they shall, and are taken back whatever happens. Method: actions
// that write down what is done, on a simulated clock.
import { expect, test } from 'bun:test'
import type { LocalBroker } from '../../../src/brokers/broker.ts'
import { SimClock } from '../../../src/clock/sim-clock.ts'
import { type FaultAction, faultAction } from '../../../src/run/faults/fault-actions.ts'
import { startFaults } from '../../../src/run/faults/fault-runner.ts'
import type { Fault } from '../../../src/workload/model.ts'

const EPOCH_US = 1_000_000
const MEASURE_US = 2_000_000

function run(faults: readonly Fault[], change: (action: FaultAction) => FaultAction = (action) => action) {
  const clock = new SimClock()
  const done: string[] = []
  const cut = new AbortController()
  const note = (what: string) => done.push(`${(clock.nowUs() - EPOCH_US) / 1e6} ${what}`)
  const { records } = startFaults({
    faults,
    actionOf: async (fault, index) =>
      change({
        text: `${fault.kind} ${index}`,
        begin: async () => void note(`begin ${index}`),
        end: async () => void note(`end ${index}`),
      }),
    clock,
    say: () => {},
    epochUs: EPOCH_US,
    measureUs: MEASURE_US,
    signal: cut.signal,
  })
  return { clock, done, cut, records }
}

const STOP: Fault = { kind: 'stop', atS: 3, forS: 2, node: 1 }

test('at their seconds of measure, each by itself', async () => {
  const { clock, done, records } = run([STOP, { ...STOP, kind: 'kill', atS: 4, forS: 0.5 }])
  await clock.advanceTo(EPOCH_US + 20_000_000)
  expect(done).toEqual(['5 begin 0', '6 begin 1', '6.5 end 1', '7 end 0'])
  expect((await records).map(({ startUs, endUs, error }) => [startUs, endUs, error])).toEqual([
    [5_000_000, 7_000_000, null],
    [6_000_000, 6_500_000, null],
  ])
})

test('cut short: what is on is taken back at once, what was to come never comes', async () => {
  const { clock, done, cut, records } = run([STOP, { ...STOP, atS: 10 }])
  await clock.advanceTo(EPOCH_US + 5_500_000)
  cut.abort(new Error('SIGINT'))
  await clock.advanceTo(EPOCH_US + 5_600_000)
  expect(done).toEqual(['5 begin 0', '5.5 end 0'])
  expect((await records).map(({ startUs, endUs, error }) => [startUs, endUs, error])).toEqual([
    [5_000_000, 5_500_000, null],
    [null, null, null],
  ])
})

test('a fault that fails, or cannot be taken back, is told and harms nobody', async () => {
  const fails = async () => {
    throw new Error('no such node')
  }
  const first = run([STOP], (action) => ({ ...action, begin: fails }))
  await first.clock.advanceTo(EPOCH_US + 20_000_000)
  expect(await first.records).toMatchObject([{ startUs: 5_000_000, error: 'no such node' }])
  const second = run([STOP], (action) => ({ ...action, end: fails }))
  await second.clock.advanceTo(EPOCH_US + 20_000_000)
  expect(await second.records).toMatchObject([
    { startUs: 5_000_000, endUs: null, error: 'could not be taken back: no such node' },
  ])
})

test('actions reach the node that is meant: by number, the leader, or one by the seed', async () => {
  const done: string[] = []
  const node = (name: string) => ({
    ...{ name, bound: '', advertised: '', pid: 1, logFile: '' },
    kill: async () => void done.push(`kill ${name}`),
    stop: () => void done.push(`stop ${name}`),
    continue: () => void done.push(`continue ${name}`),
    restart: async () => void done.push(`start ${name}`),
  })
  const broker: LocalBroker = {
    ...{ name: 'b', version: '', runtime: 'native', topology: 'cluster', servers: [], settings: {} },
    nodes: [node('b-1'), node('b-2'), node('b-3')],
    leaderOf: async () => 2,
    down: async () => {},
  }
  const targets = {
    broker,
    network: null,
    consumers: { pause: async () => {}, resume: async () => {} },
    topic: 't',
    seed: 7,
  }
  const act = async (fault: Fault) => {
    const action = await faultAction(targets, fault, 0)
    await action.begin()
    await action.end(new AbortController().signal)
    return action.text
  }
  expect(await act({ ...STOP, node: 2 })).toBe('stop of b-2')
  expect(await act({ ...STOP, kind: 'kill', node: 'leader' })).toBe('kill of b-3, the leader')
  expect(await act({ ...STOP, kind: 'restart', node: 1 })).toBe('restart of b-1')
  expect(done).toEqual(['stop b-2', 'continue b-2', 'kill b-3', 'start b-3', 'kill b-1', 'start b-1'])
  const any = await Promise.all([1, 2].map(() => act({ ...STOP, node: 'any' })))
  expect(any[0]).toBe(any[1]!)
  expect(act({ ...STOP, node: 4 })).rejects.toThrow('expected node 4 of b, got 3 nodes')
  const mute = { ...targets, broker: { ...broker, leaderOf: async () => null } }
  expect(faultAction(mute, { ...STOP, node: 'leader' }, 0)).rejects.toThrow('to tell who leads t')
})
