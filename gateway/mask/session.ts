import type { CompiledRule } from './plan.ts'

// What masking one body counts. One for the process: masking is synchronous.

/** Why a rule that applied could not be carried out. */
export const CAUSES = ['operations', 'text'] as const
export type Cause = (typeof CAUSES)[number]

/** Thrown to remove the innermost droppable message around a value. */
export const DROP_UNIT = { isDropUnit: true } as const
/** Thrown to refuse the whole request. */
export const FAILED = { isFailed: true } as const

/** Counts by rule, for one body. */
export interface Tally {
  /** Where the rule applied. */
  readonly matched: Float64Array
  /** Where it was carried out. */
  readonly done: Float64Array
  readonly errors: Readonly<Record<Cause, Float64Array>>
}

export function newTally(rules: number): Tally {
  const zeros = (): Float64Array => new Float64Array(rules)
  return { matched: zeros(), done: zeros(), errors: { operations: zeros(), text: zeros() } }
}

/** Values changed or deleted so far. */
export let operations = 0
/** Values changed or deleted and messages removed: whether anything happened at all. */
export let changes = 0
/** Spans, data points and log records met so far and not removed. */
export let records = 0
export let droppedRecords = 0
/** The rule and cause of the last FAILED. */
export let failedRule = ''
export let failedDetail = ''

/** Whether the body may change its length. */
export let mayReframe = true

let tally = newTally(0)
let maxOperations = 0

export function beginSession(into: Tally, limit: number, allowReframe: boolean): void {
  tally = into
  maxOperations = limit
  mayReframe = allowReframe
  operations = 0
  changes = 0
  records = 0
  droppedRecords = 0
}

export function countRecord(): void {
  records++
}

/** Counts records from `before` on as removed. */
export function countDropped(before: number): void {
  droppedRecords += records - before
  records = before
  changes++
}

/** Goes back to earlier counts of records, which will be counted again. */
export function rewindRecords(before: number, droppedBefore: number): void {
  records = before
  droppedRecords = droppedBefore
}

export function countDrop(rule: CompiledRule): void {
  tally.matched[rule.index]!++
  tally.done[rule.index]!++
  changes++
}

/** Says whether `rule`, which applies to a value, may be carried out; if not, its `onError` is seen to. */
export function admit(rule: CompiledRule): boolean {
  tally.matched[rule.index]!++
  if (operations >= maxOperations) {
    onFault(rule, 'operations')
    return false
  }
  operations++
  changes++
  tally.done[rule.index]!++
  return true
}

/** Counts that a DROP rule could not say whether it matches; true if its `onError` removes the message then. */
export function isDroppedByFault(rule: CompiledRule): boolean {
  if (rule.onError === 'drop') {
    tally.errors.text[rule.index]!++
    changes++
    return true
  }
  onFault(rule, 'text')
  return false
}

/** Counts a failure of `rule` and does what its `onError` says: returns for `skip`, throws for the others. */
export function onFault(rule: CompiledRule, cause: Cause): void {
  tally.errors[cause][rule.index]!++
  if (rule.onError === 'drop') throw DROP_UNIT
  if (rule.onError === 'fail') {
    failedRule = rule.id
    failedDetail =
      cause === 'operations'
        ? `more than ${maxOperations} values to mask in one request`
        : 'a text is too long, too costly or not UTF-8 for a regular expression'
    throw FAILED
  }
}
