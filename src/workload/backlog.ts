import { z } from 'zod'
import {
  BUILD_FACTOR,
  BUILD_SLACK_S,
  DRAIN_FACTOR,
  DRAIN_SLACK_S,
  MAX_DURATION_S,
  MIN_BACKLOG_S,
} from './limits.ts'
import type { BacklogPlan, Workload } from './model.ts'
import type { Problem } from './problem.ts'
import { ratesOf } from './rates.ts'
import type { Locator } from './validate.ts'

const MAX_BACKLOG = 1e15
const GIB = 1024 ** 3

/** `backlog` of a workload as a person writes it. */
export const backlogField = z
  .strictObject({
    messages: z
      .int()
      .min(1)
      .max(MAX_BACKLOG)
      .optional()
      .describe('Its size in messages of each subscription.'),
    bytes: z
      .number()
      .min(1)
      .max(MAX_BACKLOG)
      .optional()
      .describe('Its size in bytes of messages of each subscription, in the place of messages.'),
    maxDrainSeconds: z
      .number()
      .positive()
      .max(MAX_DURATION_S)
      .optional()
      .describe(
        `Longest time for draining it; default: ${DRAIN_SLACK_S} s and ${DRAIN_FACTOR} times what the build takes at the rate.`,
      ),
  })
  .describe(
    'A backlog to build after the measured time, with consumers paused, and to drain while producing.',
  )

export interface BacklogFields {
  readonly backlog?: z.infer<typeof backlogField> | undefined
  readonly consumerBacklogSizeGB: number
  readonly backlogDrainRatio: number
  readonly messageSize: number
  readonly subscriptionsPerTopic: number
}

/** What fields that ask for a backlog say against each other. */
export function backlogProblems(fields: BacklogFields, locator: Locator): Problem[] {
  const { backlog, consumerBacklogSizeGB } = fields
  if (backlog === undefined) return []
  const problems: Problem[] = []
  if (consumerBacklogSizeGB > 0) {
    const what = 'expected backlog or consumerBacklogSizeGB, got both'
    problems.push({ where: locator.whereIs(['consumerBacklogSizeGB']), what, hint: 'remove one of them' })
  }
  if ((backlog.messages === undefined) === (backlog.bytes === undefined)) {
    const got = backlog.messages === undefined ? 'neither' : 'both'
    const what = `expected messages or bytes of the backlog, got ${got}`
    problems.push({ where: locator.whereIs(['backlog']), what, hint: 'write backlog: {messages: 100000}' })
  }
  return problems
}

/** The backlog that the fields ask for, its limits not yet those of a rate; null: none. */
export function toBacklog(fields: BacklogFields): BacklogPlan | null {
  const { backlog, consumerBacklogSizeGB: gib, messageSize } = fields
  if (backlog === undefined && gib === 0) return null
  // OMB counts what all subscriptions have to read; each of ours has the same backlog.
  const bytes = backlog?.bytes ?? (gib * GIB) / fields.subscriptionsPerTopic
  const messages = backlog?.messages ?? Math.max(1, Math.round(bytes / messageSize))
  const maxDrainS = backlog?.maxDrainSeconds ?? 0
  return { messages, drainRatio: fields.backlogDrainRatio, maxBuildS: 0, maxDrainS }
}

/** Seconds that the producers need for the backlog at their rate. */
export function buildSeconds({ messages }: Pick<BacklogPlan, 'messages'>, rateHz: number): number {
  return messages / rateHz
}

/** The workload with the limits of its backlog, which follow from the lowest rate that is offered. */
export function withBacklogLimits(workload: Workload): Workload {
  const { backlog } = workload
  if (backlog === undefined) return workload
  const buildS = buildSeconds(backlog, ratesOf(workload)[0]!)
  const maxBuildS = Math.ceil(BUILD_FACTOR * buildS + BUILD_SLACK_S)
  const maxDrainS =
    backlog.maxDrainS > 0 ? backlog.maxDrainS : Math.ceil(DRAIN_FACTOR * buildS + DRAIN_SLACK_S)
  return { ...workload, backlog: { ...backlog, maxBuildS, maxDrainS } }
}

/** What a backlog cannot be: with rates that change, with faults, smaller than what is always under way, or endless. */
export function backlogPlanProblems(workload: Workload): Problem[] {
  const { backlog } = workload
  if (backlog === undefined) return []
  const problems: Problem[] = []
  const refuse = (what: string, hint: string) => problems.push({ where: 'backlog', what, hint })
  if (workload.schedule !== undefined && workload.schedule.shape !== null) {
    refuse('expected one rate all along, got a schedule', 'remove the schedule, or the backlog')
  }
  if (workload.search !== undefined) {
    refuse('expected a rate, got a search for one', 'remove the search, or the backlog')
  }
  if (workload.faults !== undefined) {
    refuse('expected no faults beside a backlog, got some', 'remove the faults, or the backlog')
  }
  const leastMessages = Math.ceil(ratesOf(workload).at(-1)! * MIN_BACKLOG_S)
  if (backlog.messages < leastMessages) {
    const what = `expected at least ${MIN_BACKLOG_S} s of the rate (${leastMessages} messages), got ${backlog.messages}`
    refuse(what, 'less could not be told from what is always under way')
  }
  const longestS = workload.durationS + backlog.maxBuildS + backlog.maxDrainS
  if (longestS > MAX_DURATION_S) {
    const what = `expected it to be built and drained within ${MAX_DURATION_S} s, got up to ${Math.ceil(longestS)} s`
    refuse(what, 'make it smaller, or the rate higher; maxDrainSeconds bounds the drain')
  }
  return problems
}

/** Longest time that measure may take, backlog included. */
export function longestMeasureS({ durationS, backlog }: Pick<Workload, 'durationS' | 'backlog'>): number {
  return durationS + (backlog === undefined ? 0 : backlog.maxBuildS + backlog.maxDrainS)
}
