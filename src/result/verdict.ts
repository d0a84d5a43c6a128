import { countText, msText, percentText, plural } from './figures.ts'
import { judgeIntegrity } from './integrity.ts'
import { offeredRateHz } from './rates.ts'
import type { MeasurementVerdict, TrialResult, Verdict } from './result.ts'
import { THRESHOLDS } from './thresholds.ts'

/** A trial before anyone judged it. */
export type TrialFacts = Omit<TrialResult, 'verdict'>

/**
 * Judges a trial on its two axes. Pure: the same facts give the same verdict, today and when a report is made again.
 *
 * **Measurement.** `invalid`: the figures are not to be trusted, because the generator (not the driver) was late, a
 * worker was out of CPU, another broker was at work, clocks were apart, the driver broke its contract, or nothing was sent. Else `saturated`: the
 * system did not hold the rate; a finding, not a defect. Else `valid`. Lateness inside a driver's call, or because the
 * driver refused, never makes a trial invalid: it is the system's own slowness. When a trial is invalid, what kept the
 * rate from being held is still told, after the reasons that make it invalid.
 *
 * **Integrity.** See `judgeIntegrity`.
 */
export function judgeTrial(facts: TrialFacts): Verdict {
  const invalid = invalidReasons(facts)
  const saturated = saturationReasons(facts)
  const measurement: MeasurementVerdict =
    invalid.length > 0 ? 'invalid' : saturated.length > 0 ? 'saturated' : 'valid'
  const integrity = judgeIntegrity(facts)
  return {
    measurement,
    measurementReasons: [...invalid, ...saturated],
    integrity: integrity.verdict,
    integrityReasons: integrity.reasons,
  }
}

function invalidReasons(facts: TrialFacts): string[] {
  const reasons: string[] = []
  const { counts, latencies } = facts.phases.measure
  if (counts.scheduled === 0) {
    reasons.push(`nothing was scheduled in the measure phase${interruption(facts)}`)
  } else if (counts.sent === 0) {
    reasons.push(
      `none of ${plural(counts.scheduled, 'scheduled message')} was sent in the measure phase${interruption(facts)}`,
    )
  }
  const woken = latencies.wokenLate.summary
  if (woken.count > 0 && woken.p99.us > THRESHOLDS.wokenLateP99Us) {
    reasons.push(
      `the generator itself was late: p99 ${msText(woken.p99.us)}, at most ${msText(THRESHOLDS.wokenLateP99Us)} is allowed`,
    )
  }
  for (const worker of facts.workers) {
    if (worker.meanCoreShare <= THRESHOLDS.workerMeanCoreShare) continue
    reasons.push(
      `${worker.role} worker ${worker.index} used ${percentText(worker.meanCoreShare)} of a core, ` +
        `at most ${percentText(THRESHOLDS.workerMeanCoreShare)} is allowed`,
    )
  }
  reasons.push(...otherBrokerReasons(facts), ...clockReasons(facts), ...breachReasons(facts))
  return reasons
}

/** A broker that works beside the one under test takes from it what is measured. */
function otherBrokerReasons({ otherBrokers = [] }: TrialFacts): string[] {
  const share = otherBrokers.reduce((sum, { coreShare }) => sum + coreShare, 0)
  if (share <= THRESHOLDS.otherBrokersCoreShare) return []
  const names = otherBrokers.map(({ name }) => name).join(' and ')
  return [
    `${names}, up beside the broker under test, used ${percentText(share)} of a core, ` +
      `at most ${percentText(THRESHOLDS.otherBrokersCoreShare)} is allowed`,
  ]
}

/**
 * Clocks are apart when their bound is a notable part of what was measured between two of them, or when a message
 * arrived earlier before its scheduled instant than the bound explains: then the bound itself is wrong.
 */
function clockReasons(facts: TrialFacts): string[] {
  const { summary, completed } = facts.phases.measure.latencies.endToEnd
  if (summary.count === 0) return []
  const reasons: string[] = []
  const boundUs = facts.clockBoundUs
  if (boundUs > THRESHOLDS.clockFloorUs && boundUs > THRESHOLDS.clockShareOfEndToEndP50 * summary.p50.us) {
    reasons.push(
      `clocks may be ${msText(boundUs)} apart, more than ${percentText(THRESHOLDS.clockShareOfEndToEndP50)} of the ` +
        `median end-to-end latency of ${msText(summary.p50.us)}`,
    )
  }
  if (completed.negative > 0 && -completed.minimumUs > Math.max(boundUs, THRESHOLDS.clockFloorUs)) {
    reasons.push(
      `${plural(completed.negative, 'message')} seemed to arrive before being due, by up to ` +
        `${msText(-completed.minimumUs)}; clocks were said to be at most ${msText(boundUs)} apart`,
    )
  }
  return reasons
}

/** Breaches shown in full; the others are counted. */
const BREACHES_SHOWN = 3

function breachReasons(facts: TrialFacts): string[] {
  const breaches = facts.contractBreaches
  if (breaches.length === 0) return []
  const shown = breaches.slice(0, BREACHES_SHOWN).join('; ')
  const more = breaches.length > BREACHES_SHOWN ? `; and ${breaches.length - BREACHES_SHOWN} more` : ''
  return [`the driver broke its contract: ${shown}${more}`]
}

/** Why the rate was not held; empty when it was held. */
function saturationReasons(facts: TrialFacts): string[] {
  const { counts } = facts.phases.measure
  if (counts.scheduled === 0) return []
  const reasons: string[] = []
  const share = counts.acknowledged / counts.scheduled
  if (share < THRESHOLDS.heldAcknowledgedShare) {
    reasons.push(
      `${countText(counts.acknowledged)} of ${plural(counts.scheduled, 'scheduled message')} were acknowledged ` +
        `(${percentText(share)}; held is ${percentText(THRESHOLDS.heldAcknowledgedShare)} or more)`,
    )
  }
  const backlogS = facts.backlogAtEnd / offeredRateHz(facts)
  if (backlogS > THRESHOLDS.heldBacklogS) {
    reasons.push(
      `the backlog was ${plural(facts.backlogAtEnd, 'message')} when measure ended: ${backlogS.toFixed(1)} s of the ` +
        `rate (held is ${THRESHOLDS.heldBacklogS} s or less)`,
    )
  }
  return reasons
}

function interruption(facts: TrialFacts): string {
  return facts.interrupted === null ? '' : ` (${facts.interrupted})`
}
