import type { Audit } from '../engine/types.ts'
import { countText, plural } from './figures.ts'
import type { IntegrityVerdict } from './result.ts'
import { THRESHOLDS } from './thresholds.ts'
import type { TrialFacts as Facts } from './verdict.ts'

type NamedAudit = Audit & { readonly topic: string; readonly subscription: string }

/**
 * Judges what the audit found against what the side promised. What was *seen* proves itself, even in a trial that was
 * cut short: a corrupted message, one in the wrong partition, one delivered twice or out of order. What was *not seen*
 * proves a loss only when the view was complete: no worker failed, nobody interrupted, the audit did not overflow, and
 * the drain either ended complete or had gone quiet. Otherwise integrity is unproven.
 *
 * - loss: acknowledged and never delivered. Violates at-least-once and exactly-once; under at-most-once and
 *   best-effort it is told.
 *   Never acknowledged and never delivered (`unknown`) is no violation: nothing was promised.
 * - duplicate: violates exactly-once and at-most-once; at-least-once and best-effort permit it.
 * - order: violates where an order domain is promised and a stream is not shared by consumers; a redelivery may
 *   reorder, so nothing is held against a side once the system marked one. After a consumer's error the mark may have
 *   been lost with the connection: then order is unproven.
 * - corruption, a wrong partition, and errors that the side names as breaking its promise: always violate.
 * - ghosts (delivered though rejected) and messages of other runs are told as figures only.
 */
export function judgeIntegrity(facts: Facts): { verdict: IntegrityVerdict; reasons: readonly string[] } {
  const gaps = gapsInView(facts)
  const violations: string[] = []
  const doubts: string[] = [...gaps]
  const remarks: string[] = []
  for (const audit of facts.audits) {
    const where = facts.audits.length > 1 ? ` (${audit.topic}, ${audit.subscription})` : ''
    judgeLoss(facts, audit, gaps.length > 0, where, { violations, doubts, remarks })
    judgeDuplicates(facts, audit, where, { violations, remarks })
    judgeOrder(facts, audit, where, { violations, doubts, remarks })
    if (audit.wrongPartition > 0) {
      violations.push(`${plural(audit.wrongPartition, 'message')} came from the wrong partition${where}`)
    }
  }
  const corrupted = corruptedIn(facts)
  if (corrupted > 0) violations.push(`${plural(corrupted, 'message')} came corrupted`)
  for (const kind of facts.promise.violationKinds ?? []) {
    const count = facts.consumeErrors[kind] ?? 0
    if (count > 0) violations.push(`${plural(count, 'message')} came with a broken promise: ${kind}`)
  }
  if (violations.length > 0) return { verdict: 'violated', reasons: [...violations, ...doubts, ...remarks] }
  if (doubts.length > 0) return { verdict: 'unproven', reasons: [...doubts, ...remarks] }
  return { verdict: 'intact', reasons: remarks }
}

/** Deliveries whose bytes were wrong: those the audits could attribute, or all that consumers counted. */
export function corruptedIn(facts: Pick<Facts, 'audits' | 'consumerCounts'>): number {
  const attributed = facts.audits.reduce((sum, audit) => sum + audit.corrupted, 0)
  return Math.max(attributed, facts.consumerCounts.corrupted)
}

/** Why something that was not seen may have happened all the same. */
function gapsInView(facts: Facts): string[] {
  const gaps: string[] = []
  if (facts.interrupted !== null) gaps.push(`the trial was cut short: ${facts.interrupted}`)
  for (const worker of facts.workers) {
    if (worker.failure !== null) gaps.push(`${worker.role} worker ${worker.index} failed: ${worker.failure}`)
  }
  if (facts.audits.some((audit) => audit.overflowed)) {
    gaps.push('the audit ran out of its memory budget and counted only')
  }
  const sent = facts.phases.warmup.counts.sent + facts.phases.measure.counts.sent
  if (facts.audits.length === 0 && sent > 0) gaps.push('no audit was taken')
  if (facts.contractBreaches.length > 0) {
    gaps.push('the driver broke its contract, so its acknowledgements prove nothing')
  }
  return gaps
}

interface Findings {
  readonly violations: string[]
  readonly doubts: string[]
  readonly remarks: string[]
}

function judgeLoss(
  facts: Facts,
  audit: NamedAudit,
  viewHasGaps: boolean,
  where: string,
  found: Findings,
): void {
  if (audit.lost === 0) return
  const acknowledged = `${plural(audit.acknowledgedLost, 'acknowledged message')} never came${where}`
  if (!drainTold(facts)) {
    found.doubts.push(
      `${plural(audit.lost, 'message')} had not come when the drain ended after ` +
        `${(facts.drain.durationMs / 1000).toFixed(0)} s and deliveries had not gone quiet: late or lost cannot be told${where}`,
    )
    return
  }
  const { delivery } = facts.promise
  if (audit.acknowledgedLost === 0) return
  if (delivery === 'best-effort' || delivery === 'at-most-once') {
    found.remarks.push(`${acknowledged}; ${delivery} permits it`)
  } else if (viewHasGaps) found.doubts.push(`${acknowledged}, which the gaps in the view may explain`)
  else found.violations.push(`${acknowledged}, though ${delivery} is promised${errorNote(facts)}`)
}

/**
 * Whether the drain tells late from lost: it ended because as many came as the system may have held, or nothing came
 * for a while at its end. Where messages came that were never acknowledged, or one came to two workers, they may stand for
 * acknowledged ones that were still under way, so the numbers alone prove nothing.
 */
function drainTold(facts: Facts): boolean {
  const mayHideOthers = (audit: Audit) => unacknowledgedDeliveries(audit) > 0 || audit.duplicated > 0
  if (facts.drain.complete && !facts.audits.some(mayHideOthers)) return true
  let quietS = 0
  for (let i = facts.intervals.length - 1; i >= 0; i--) {
    const interval = facts.intervals[i]!
    if (interval.phase !== 'drain' || interval.received > 0) break
    quietS += interval.endS - interval.startS
  }
  return quietS >= THRESHOLDS.drainQuietS
}

/** Distinct messages that came though their outcome was unknown or rejected. */
function unacknowledgedDeliveries({ unknown, lost, acknowledgedLost, ghosts }: Audit): number {
  return unknown - (lost - acknowledgedLost) + ghosts
}

function errorNote(facts: Facts): string {
  const kinds = Object.entries(facts.consumeErrors).filter(([, count]) => count > 0)
  if (kinds.length === 0) return ''
  return ` (consumers also had: ${kinds.map(([kind, count]) => `${kind} ${countText(count)}`).join(', ')})`
}

function judgeDuplicates(
  facts: Facts,
  audit: NamedAudit,
  where: string,
  found: Pick<Findings, 'violations' | 'remarks'>,
): void {
  if (audit.duplicated === 0) return
  const sentence = `${plural(audit.duplicated, 'duplicate')}, ${countText(audit.redelivered)} of them marked as redelivered${where}`
  const { delivery } = facts.promise
  if (delivery === 'at-least-once' || delivery === 'best-effort')
    found.remarks.push(`${sentence}; ${delivery} permits them`)
  else found.violations.push(`${sentence}, though ${facts.promise.delivery} is promised`)
}

function judgeOrder(facts: Facts, audit: NamedAudit, where: string, found: Findings): void {
  if (audit.outOfOrder === 0) return
  const sentence = `${plural(audit.outOfOrder, 'message')} came out of order${where}`
  const { orderDomain, sharedStreams } = facts.promise
  if (orderDomain === 'none' || sharedStreams) found.remarks.push(`${sentence}; no order is promised`)
  else if (audit.redelivered > 0) {
    found.remarks.push(
      `${sentence} beside ${plural(audit.redelivered, 'redelivery', 'redeliveries')}, which may reorder`,
    )
  } else if (Object.values(facts.consumeErrors).some((count) => count > 0)) {
    found.doubts.push(`${sentence} after consumer errors, which may hide redeliveries${errorNote(facts)}`)
  } else {
    found.violations.push(`${sentence}, though order within a ${orderDomain} is promised`)
  }
}
