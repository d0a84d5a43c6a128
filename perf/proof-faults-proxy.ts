/**
 * Question: does the proxy do to the network what it says, seen by every driver?
 *
 * 1. It delays client → broker by 20 ms, three times in one trial of each side. Publish p50 of the seconds with the delay
 *    minus that of the seconds without is 20 ms ± 3 × the noise floor. (At `RATE` (100) msg/s: a client with few
 *    requests in flight adds waits of its own when the way is long.) The floor is that of the result where it has one,
 *    else the publish p50 of the fake system over a socket, here and now. `PARTS` (delay,black-hole) and `SIDES` choose.
 * 2. A black hole ends in time-outs that count as unknown; the trial ends by itself, and nothing acknowledged is lost.
 */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bucketsOf, summedBuckets } from '../src/result/histogram.ts'
import type { ExperimentResult, IntervalResult, TrialResult } from '../src/result/result.ts'
import { rankOf, valueAtRank } from '../src/result/summary.ts'
import { benchRun, ledger, trialOf } from './faults/bench-run.ts'

const { RATE = '100', SIDES = 'kafka,rabbitmq,pulsar,otlp', PARTS = 'delay,black-hole' } = process.env
const DELAY_MS = 20
const FLOORS = 3
/** A second at the edge of a fault holds messages of both kinds. */
const EDGE_S = 0.05
const names = SIDES.split(',')
const { check, end } = ledger()

const floorFile = join(tmpdir(), `bench-floor-${process.pid}.yaml`)
writeFileSync(floorFile, 'name: floor\ndriver: fake\nshape: log\nackDelayMs: 0\n')

if (PARTS.includes('delay')) await delayed()
if (PARTS.includes('black-hole')) await blackHole()
end()

async function delayed(): Promise<void> {
  const faults = [5, 15, 25].map(
    (at) =>
      `  - { fault: network, atSeconds: ${at}, forSeconds: 5, delayMs: ${DELAY_MS}, direction: to-broker }`,
  )
  const workload = `name: delayed network
messageSize: 200
producerRate: ${RATE}
warmupDurationSeconds: 10
testDurationSeconds: 35
faults:
${faults.join('\n')}
`
  const result = await benchRun(workload, ['--drivers', [...names, `floor=${floorFile}`].join()])
  const trials = new Map(result.sides.map((side) => [side.label, trialOf(side)]))
  const floorMs = floorOf(result, trials.get('floor')!)
  console.log(`floor: publish p50 ${floorMs.toFixed(2)} ms`)
  for (const [label, trial] of trials) {
    const { withMs, withoutMs } = mediansOf(trial)
    const difference = withMs - withoutMs
    const bound = FLOORS * floorMs
    check(
      `${label}: publish p50 ${withMs.toFixed(2)} ms with, ${withoutMs.toFixed(2)} ms without: ${difference.toFixed(2)} ms more, expected ${DELAY_MS} ± ${bound.toFixed(2)} ms`,
      Math.abs(difference - DELAY_MS) <= bound,
    )
  }
}

function floorOf(result: ExperimentResult, trial: TrialResult): number {
  const { floor } = result as { floor?: { latencies?: { publish?: { p50?: number } } } }
  const us = floor?.latencies?.publish?.p50
  return us === undefined ? mediansOf(trial).withoutMs : us / 1000
}

/** Publish p50 of the seconds of measure that lie within faults, and of those that touch none. */
function mediansOf({ intervals, faults = [] }: TrialResult): { withMs: number; withoutMs: number } {
  const within: IntervalResult[] = []
  const outside: IntervalResult[] = []
  for (const each of intervals.filter(({ phase }) => phase === 'measure')) {
    const touched = faults.filter(
      ({ startS, endS }) => each.endS > (startS ?? 0) && each.startS < (endS ?? 0) + EDGE_S,
    )
    if (touched.length === 0) outside.push(each)
    // The first second of a delay still acknowledges what was sent before it.
    else if (
      touched.some(({ startS, endS }) => each.startS > startS! + EDGE_S && each.endS <= endS! + EDGE_S)
    )
      within.push(each)
  }
  return { withMs: p50Ms(within), withoutMs: p50Ms(outside) }
}

function p50Ms(intervals: readonly IntervalResult[]): number {
  const buckets = summedBuckets(intervals.flatMap(({ latencies }) => latencies.publish?.hdr ?? []))
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  return count === 0 ? Number.NaN : valueAtRank(buckets, rankOf(5_000, count))! / 1000
}

async function blackHole(): Promise<void> {
  const timeouts: Readonly<Record<string, string>> = {
    kafka: '+requestTimeoutMs=2000+deliveryTimeoutMs=3000',
    rabbitmq: '+heartbeatS=2',
    pulsar: '+sendTimeoutMs=3000',
    otlp: '+requestTimeoutMs=2000',
  }
  const workload = `name: black hole
messageSize: 200
producerRate: ${RATE}
warmupDurationSeconds: 3
testDurationSeconds: 30
faults:
  - { fault: network, atSeconds: 5, forSeconds: 12, blackHole: true }
`
  const startedMs = performance.now()
  const sides = names.map((name) => `${name}${timeouts[name] ?? ''}`)
  const result = await benchRun(workload, ['--drivers', sides.join()])
  const perSideS = (performance.now() - startedMs) / 1000 / names.length
  for (const side of result.sides) {
    const { phases, audits, interrupted, faults = [], publishErrors, drain } = trialOf(side)
    const sum = (of: 'sent' | 'acknowledged' | 'rejected' | 'unknown') =>
      phases.warmup.counts[of] + phases.measure.counts[of]
    const unknown = sum('unknown')
    const lost = audits.reduce((total, audit) => total + audit.acknowledgedLost, 0)
    console.log(
      `${side.label}: ${sum('sent')} sent, ${sum('acknowledged')} acknowledged, ${sum('rejected')} rejected, ${unknown} unknown; ` +
        `${JSON.stringify(publishErrors)}; drain ${drain.durationMs} ms; ${JSON.stringify(faults[0]?.recovery)}`,
    )
    check(`${side.label}: ${unknown} messages timed out and count as unknown`, unknown > 0)
    check(
      `${side.label}: everything sent is settled: ${sum('sent')}`,
      sum('sent') === sum('acknowledged') + sum('rejected') + unknown,
    )
    check(`${side.label}: the trial ended by itself`, interrupted === null && faults[0]?.endS != null)
    check(`${side.label}: ${lost} acknowledged messages lost`, lost === 0)
    const { count } = phases.measure.latencies.publish.summary
    check(
      `${side.label}: each of ${count} due messages has its place in the latencies`,
      bucketsOf(phases.measure.latencies.publish.censored).length > 0 &&
        count === phases.measure.counts.scheduled,
    )
  }
  check(`a side takes ${perSideS.toFixed(0)} s, no more than 180`, perSideS < 180)
}
