import { countText, percentText, plural } from '../result/figures.ts'
import { offeredRateHz } from '../result/rates.ts'
import type { TrialResult } from '../result/result.ts'
import type { StepRefusal } from '../result/search.ts'
import { judgeSlo } from '../result/slo-value.ts'
import { THRESHOLDS } from '../result/thresholds.ts'
import type { Slo } from '../workload/slo.ts'
import { backlogGrowth } from './backlog-growth.ts'

/** The part of a trial that a search looks at. */
export type StepFacts = Omit<TrialResult, 'server' | 'workers'>

export interface StepContext {
  readonly slos: readonly Slo[]
  /** Subscriptions of each topic: so often every message is expected. */
  readonly subscriptions: number
}

/**
 * Why a trial's rate was not sustained; empty when it was. Pure. All reasons are given, the gravest first. Call it only
 * for trials that ran to their end.
 */
export function refusalsOfStep(facts: StepFacts, context: StepContext): readonly StepRefusal[] {
  const { verdict } = facts
  const refusals: StepRefusal[] = []
  if (verdict.integrity === 'violated') {
    refusals.push({ kind: 'integrity', text: `integrity violated: ${verdict.integrityReasons.join('; ')}` })
  }
  if (verdict.measurement === 'invalid') {
    refusals.push({ kind: 'measurement', text: verdict.measurementReasons.join('; ') })
  }
  refusals.push(
    ...rateRefusals(facts),
    ...backlogRefusals(facts, context),
    ...drainRefusals(facts, context),
    ...sloRefusals(facts, context),
  )
  return refusals
}

function rateRefusals({ phases, ...facts }: StepFacts): StepRefusal[] {
  const { counts } = phases.measure
  if (counts.scheduled === 0) return []
  const share = counts.acknowledged / counts.scheduled
  if (share >= THRESHOLDS.heldAcknowledgedShare) return []
  const offered = countText(offeredRateHz({ phases, ...facts }))
  const text = `of ${offered} msg/s offered ${percentText(share)} were acknowledged (held is ${percentText(THRESHOLDS.heldAcknowledgedShare)} or more)`
  return [{ kind: 'rate', text }]
}

/** One sentence at most: what is not acknowledged is not delivered either. */
function backlogRefusals(facts: StepFacts, { subscriptions }: StepContext): StepRefusal[] {
  const rateHz = offeredRateHz(facts)
  if (rateHz === 0) return []
  const allowed = (shareOf: number) => `(held is ${percentText(shareOf)} of the rate or less)`
  const publish = backlogGrowth(facts.intervals, rateHz, 0)
  if (publish.grows) {
    const text = `what was due and not acknowledged grew by ${countText(publish.growthHz)} msg/s ${allowed(THRESHOLDS.backlogGrowthShare)}`
    return [{ kind: 'backlog', text }]
  }
  const delivery = backlogGrowth(facts.intervals, rateHz, subscriptions)
  if (delivery.grows) {
    const over = subscriptions === 1 ? '' : ` over ${subscriptions} subscriptions`
    const share = THRESHOLDS.backlogGrowthShare * Math.sqrt(subscriptions)
    const text = `the consumers' backlog grew by ${countText(delivery.growthHz)} msg/s${over} ${allowed(share)}`
    return [{ kind: 'backlog', text }]
  }
  const backlogS = facts.backlogAtEnd / rateHz
  if (backlogS <= THRESHOLDS.heldBacklogS) return []
  const text = `the backlog was ${plural(facts.backlogAtEnd, 'message')} when measure ended: ${backlogS.toFixed(1)} s of the rate (held is ${THRESHOLDS.heldBacklogS} s or less)`
  return [{ kind: 'backlog', text }]
}

/** Where a side may lose messages, some never come: there only what still trickled in at the end was late. */
function drainRefusals(facts: StepFacts, { subscriptions }: StepContext): StepRefusal[] {
  const { drain, phases, promise, intervals } = facts
  if (drain.complete) return []
  const mayLose = promise.delivery === 'best-effort' || promise.delivery === 'at-most-once'
  const last = intervals.findLast(({ phase }) => phase === 'drain')
  if (mayLose && (last === undefined || last.received === 0)) return []
  const { warmup, measure } = phases
  const expected = (warmup.counts.acknowledged + measure.counts.acknowledged) * subscriptions
  const missing = Math.max(0, expected - warmup.delivered - measure.delivered)
  const what = missing === 0 ? 'some outcomes' : plural(missing, 'delivery', 'deliveries')
  const text = `not drained within ${(drain.durationMs / 1000).toFixed(0)} s: ${what} of it missing`
  return [{ kind: 'drain', text }]
}

function sloRefusals(facts: StepFacts, { slos }: StepContext): StepRefusal[] {
  return slos.flatMap((slo) => {
    const { held, sentence } = judgeSlo(slo, facts)
    return held ? [] : { kind: 'slo' as const, text: sentence }
  })
}
