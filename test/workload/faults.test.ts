// Goal: faults of a workload are what they say, and whatever cannot be is refused with its place before anything starts.
// Method: files of our own, plans over the real registry.
import { afterAll, describe, expect, test } from 'bun:test'
import { describePlan } from '../../src/workload/describe-plan.ts'
import type { NetworkFault } from '../../src/workload/model.ts'
import { makePlan } from '../../src/workload/plan.ts'
import type { PlanFlags } from '../../src/workload/plan-options.ts'
import { readWorkload } from '../../src/workload/workload-file.ts'
import { failureOf, testFolder } from './files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const HEAD = 'messageSize: 100\nproducerRate: 5\ntestDurationSeconds: 30\nwarmupDurationSeconds: 1\nfaults:\n'
const text = (...faults: string[]) => HEAD + faults.map((fault) => `  - { ${fault} }\n`).join('')
const write = (...faults: string[]) => folder.write('w.yaml', text(...faults))
const read = (...faults: string[]) => readWorkload(write(...faults))
const problems = async (...faults: string[]) =>
  (await failureOf(read(...faults))).message.replaceAll(`${folder.path}/`, '').split('\n')
const plan = (faults: string[], flags: PlanFlags = {}) =>
  makePlan({ workloadFile: write(...faults), drivers: 'kafka', cores: 2, ...flags })
const refusals = async (faults: string[], flags: PlanFlags = {}) =>
  (await failureOf(plan(faults, flags))).message.replaceAll(`${folder.path}/`, '').split('\n')

const STOP = 'fault: stop, node: 1, atSeconds: 5, forSeconds: 1'

test('every kind, with its defaults', async () => {
  const { workload } = await read(
    'fault: kill, atSeconds: 1, forSeconds: 2, node: leader',
    'fault: restart, atSeconds: 4',
    'fault: stop, atSeconds: 5.5, forSeconds: 0.5, node: 1',
    'fault: pause-consumers, atSeconds: 7, forSeconds: 1',
    'fault: network, atSeconds: 9, forSeconds: 1, delayMs: 20, jitterMs: 5, bytesPerSecond: 1000, direction: to-broker',
    'fault: network, atSeconds: 11, forSeconds: 1, blackHole: true, node: 1',
    'fault: network, atSeconds: 13, forSeconds: 1, reset: true',
  )
  const clear: NetworkFault = {
    ...{
      node: null,
      direction: 'both',
      delayMs: 0,
      jitterMs: 0,
      bytesPerS: null,
      reset: false,
      blackHole: false,
    },
  }
  expect(workload.faults).toEqual([
    { kind: 'kill', atS: 1, forS: 2, node: 'leader' },
    { kind: 'restart', atS: 4, forS: 0, node: 'any' },
    { kind: 'stop', atS: 5.5, forS: 0.5, node: 1 },
    { kind: 'pause-consumers', atS: 7, forS: 1 },
    {
      kind: 'network',
      atS: 9,
      forS: 1,
      network: { ...clear, delayMs: 20, jitterMs: 5, bytesPerS: 1000, direction: 'to-broker' },
    },
    { kind: 'network', atS: 11, forS: 1, network: { ...clear, node: 1, blackHole: true } },
    { kind: 'network', atS: 13, forS: 1, network: { ...clear, reset: true } },
  ])
})

describe('what makes no sense is refused at its place', () => {
  const cases: [string, string, RegExp][] = [
    [
      'an unknown kind',
      'fault: burn, atSeconds: 1',
      /^w\.yaml:6:14: expected faults\[0\]\.fault to be one of kill, restart/,
    ],
    ['an unknown key', `${STOP}, hard: true`, /^w\.yaml:6:\d+: expected a known key, got "hard"/],
    [
      'no time',
      'fault: stop, node: 1, atSeconds: 1',
      /^w\.yaml:6:5: stop: expected forSeconds, got nothing \(add/,
    ],
    [
      'a node of consumers',
      'fault: pause-consumers, atSeconds: 1, forSeconds: 1, node: 1',
      /expected no node, got 1/,
    ],
    ['a delay of a stop', `${STOP}, delayMs: 5`, /stop: expected no delayMs, which is of network/],
    ['no effect', 'fault: network, atSeconds: 1, forSeconds: 1', /expected one of delayMs, bytesPerSecond/],
    [
      'two effects',
      'fault: network, atSeconds: 1, forSeconds: 1, blackHole: true, delayMs: 3',
      /expected blackHole alone/,
    ],
    [
      'half a reset',
      'fault: network, atSeconds: 1, forSeconds: 1, reset: true, direction: to-client',
      /both directions/,
    ],
    [
      'jitter beyond the delay',
      'fault: network, atSeconds: 1, forSeconds: 1, delayMs: 3, jitterMs: 4',
      /at most delayMs/,
    ],
    [
      'a node by role',
      'fault: network, atSeconds: 1, forSeconds: 1, delayMs: 3, node: leader',
      /a node's number/,
    ],
    ['a negative time', 'fault: stop, atSeconds: -1, forSeconds: 1', /atSeconds to be a number from 0/],
  ]
  test.each(cases)('%s', async (_, fault, what) => {
    expect(await problems(fault)).toEqual([expect.stringMatching(what)])
  })
})

describe('what cannot be in this plan is refused before anything starts', () => {
  test('beyond the measured time, also when an option shortens it', async () => {
    expect(await refusals(['fault: stop, node: 1, atSeconds: 29.5, forSeconds: 1'])).toEqual([
      expect.stringMatching(
        /^w\.yaml:6:5: stop of node 1: expected its end within the 30 s measured, got 30\.5 s/,
      ),
    ])
    expect((await plan([STOP])).workload.faults).toHaveLength(1)
    expect((await refusals([STOP], { duration: '5s' }))[0]).toContain('within the 5 s measured')
  })

  test('two that contradict each other; not those of different nodes, or one after the other', async () => {
    const later = 'fault: kill, node: 1, atSeconds: 5.5, forSeconds: 1'
    expect(await refusals([STOP, later])).toEqual([
      expect.stringMatching(
        /^w\.yaml:7:5: kill of node 1: expected no other fault of the same .*stop of node 1 from 5 s/,
      ),
    ])
    const cluster = { topology: 'cluster' }
    expect(
      await refusals([STOP, 'fault: kill, node: any, atSeconds: 5.5, forSeconds: 1'], cluster),
    ).toHaveLength(1)
    expect((await plan([STOP, later.replace('node: 1', 'node: 2')], cluster)).workload.faults).toHaveLength(2)
    expect((await plan([STOP, later.replace('5.5', '6')])).workload.faults).toHaveLength(2)
    const network = (more: string) => `fault: network, atSeconds: 5, forSeconds: 3, delayMs: 5, ${more}`
    expect(await refusals([network('direction: both'), network('node: 1')])).toHaveLength(1)
    expect((await plan([STOP, network('node: 1')])).workload.faults).toHaveLength(2)
  })

  test('a node that is not there', async () => {
    expect(await refusals([STOP.replace('node: 1', 'node: 2')])).toEqual([
      expect.stringMatching(
        /expected a node of kafka, which has 1 node, got 2 \(or take --topology cluster\)/,
      ),
    ])
    expect((await refusals([STOP.replace('node: 1', 'node: 4')], { topology: 'cluster' }))[0]).toContain(
      '3 nodes',
    )
  })

  test('a leader where nobody tells who leads', async () => {
    const leader = [STOP.replace('node: 1', 'node: leader')]
    const options = { drivers: 'otlp', topology: 'cluster' }
    expect((await refusals(leader, options))[0]).toContain("expected a node's number for otlp, got leader")
    expect((await plan(leader, { drivers: 'otlp' })).sides).toHaveLength(1)
  })

  test('a node of servers that are not ours; their consumers, and where nothing redirects clients their network', async () => {
    folder.write('drivers/own.yaml', 'driver: kafka\nservers: [127.0.0.1:9092]\n')
    folder.write('drivers/rabbit.yaml', 'driver: rabbitmq\nservers: [127.0.0.1:5672]\n')
    const own = { drivers: `${folder.path}/drivers/own.yaml` }
    expect((await refusals([STOP], own))[0]).toContain(
      'expected a broker that bench starts, got the servers of own',
    )
    const delay = 'fault: network, atSeconds: 1, forSeconds: 1, delayMs: 5'
    expect((await refusals([delay], own))[0]).toContain('its servers tell clients where to go')
    const others = ['fault: pause-consumers, atSeconds: 1, forSeconds: 1', delay]
    const rabbit = { drivers: `${folder.path}/drivers/rabbit.yaml` }
    expect((await plan(others, rabbit)).workload.faults).toHaveLength(2)
  })
})

test('the plan says what goes wrong and when', async () => {
  const { lines } = describePlan(
    await plan([STOP, 'fault: network, atSeconds: 9, forSeconds: 2, delayMs: 20']),
  )
  expect(lines).toContain('  fault at 5 s for 1 s: stop of node 1')
  expect(lines).toContain('  fault at 9 s for 2 s: network: 20 ms later')
})
