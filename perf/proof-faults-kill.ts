/**
 * Question: does a cluster lose what it acknowledged when a node is killed, and does the audit tell when it does?
 *
 * 1. Three-node Kafka (acks=all, three copies) and three-node RabbitMQ (quorum queues, confirms): the leader is killed
 *    by SIGKILL 10 s into measure and started again 10 s later. Nothing acknowledged may be lost; the longest time
 *    without an acknowledgement and the recovery are told.
 * 2. The same with acks=0 and without confirms, and one classic RabbitMQ node without confirms whose consumers pause
 *    while it is killed: what the audit tells as lost is what was sent and is not there, by its own count of what came
 *    and, where the broker counts, by the broker's.
 *
 * `PARTS` (safe,daring,alone) chooses, `RATE` (1000) msg/s.
 */
import { auditTotal } from '../src/compare/rows.ts'
import { columnsOf } from '../src/compare/table.ts'
import { faultLines } from '../src/report/faults.ts'
import type { ExperimentResult } from '../src/result/result.ts'
import { benchRun, ledger, trialOf } from './faults/bench-run.ts'

const { RATE = '1000', PARTS = 'safe,daring,alone' } = process.env
const { check, end } = ledger()

function workload(name: string, seconds: number, faults: readonly string[]): string {
  return `name: ${name}
messageSize: 200
producersPerTopic: 4
partitionsPerTopic: 4
producerRate: ${RATE}
warmupDurationSeconds: 10
testDurationSeconds: ${seconds}
faults:
${faults.map((fault) => `  - ${fault}`).join('\n')}
`
}

const KILL = '{ fault: kill, node: leader, atSeconds: 10, forSeconds: 10 }'

function tell(result: ExperimentResult): void {
  for (const line of faultLines(columnsOf(result))) console.log(`  ${line}`)
}

if (PARTS.includes('safe')) await keepsItsWord()
if (PARTS.includes('daring')) await audited(daring)
if (PARTS.includes('alone')) await audited(alone)
end()

async function keepsItsWord(): Promise<void> {
  const safe = await benchRun(workload('killed leader', 60, [KILL]), [
    ...['--topology', 'cluster', '--drivers', 'kafka,rabbitmq'],
  ])
  tell(safe)
  for (const side of safe.sides) {
    const trial = trialOf(side)
    const { faults = [], acknowledgementGaps, verdict } = trial
    const fault = faults[0]!
    const lost = auditTotal(trial, 'acknowledgedLost')
    const acknowledged = auditTotal(trial, 'acknowledged')
    check(
      `${side.label}: ${lost} of ${acknowledged} acknowledged messages lost`,
      lost === 0 && acknowledged > 0,
    )
    check(`${side.label}: ${fault.text}, started again`, fault.error === null && fault.endS !== null)
    const gap = acknowledgementGaps?.longest
    const gapMs = gap == null ? Number.NaN : (gap.toS - gap.fromS) * 1000
    check(`${side.label}: longest time without an acknowledgement ${gapMs.toFixed(0)} ms`, gapMs > 0)
    const recovery = fault.recovery?.afterEndS
    check(`${side.label}: recovered ${recovery?.toFixed(1)} s after its end`, recovery != null)
    check(`${side.label}: integrity ${verdict.integrity}`, verdict.integrity === 'intact')
  }
}

function daring(): Promise<ExperimentResult> {
  return benchRun(workload('killed leader, nothing asked', 60, [KILL]), [
    ...[
      '--topology',
      'cluster',
      '--drivers',
      'kafka-acks-0=kafka+acks=0+idempotent=false,rabbitmq-no-confirms=rabbitmq+confirms=false',
    ],
  ])
}

function alone(): Promise<ExperimentResult> {
  return benchRun(
    workload('one killed node, nothing asked', 40, [
      '{ fault: pause-consumers, atSeconds: 5, forSeconds: 20 }',
      '{ fault: kill, node: 1, atSeconds: 10, forSeconds: 3 }',
    ]),
    ['--drivers', 'classic-no-confirms=rabbitmq+queueType=classic+confirms=false'],
  )
}

/** What the audit tells as lost is what is not there. */
async function audited(run: () => Promise<ExperimentResult>): Promise<void> {
  const result = await run()
  let lostInAll = 0
  tell(result)
  for (const side of result.sides) {
    const trial = trialOf(side)
    const of = (key: Parameters<typeof auditTotal>[1]) => auditTotal(trial, key)
    const lost = of('acknowledgedLost')
    lostInAll += lost
    const missing = of('sent') - of('distinct') - (of('lost') - lost) - of('rejected') + of('ghosts')
    console.log(
      `  ${side.label}: ${of('sent')} sent, ${of('acknowledged')} taken as acknowledged, ${of('distinct')} came, ${of('unknown')} unknown; ${trial.verdict.integrity}: ${trial.verdict.integrityReasons.join('; ')}`,
    )
    check(
      `${side.label}: ${lost} acknowledged but lost, ${missing} of the acknowledged never came`,
      lost === missing,
    )
    const taken = trial.brokerFigures?.topics[0]?.messagesIn
    if (taken != null && of('unknown') === 0) {
      check(
        `${side.label}: the broker took ${taken} of ${of('acknowledged')}`,
        of('acknowledged') - taken <= lost,
      )
    }
    check(
      `${side.label}: the verdict tells it`,
      lost === 0 ||
        trial.verdict.integrityReasons.some((reason) => /acknowledged message|not come/.test(reason)),
    )
  }
  check(`${lostInAll} lost in all: without confirms something is`, lostInAll > 0)
}
