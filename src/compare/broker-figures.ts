import type { TrialResult } from '../result/result.ts'

/** What the broker counted, all topics and subscriptions together; null where any part of it was not told. */
export interface BrokerTotals {
  readonly messagesIn: number | null
  readonly messagesOut: number | null
  readonly storageBytes: number | null
  readonly backlog: number | null
  /** Null without a backlog. */
  readonly backlogUnit: 'messages' | 'batches' | null
}

/** Sums the figures of a trial; a sum over a gap would pass for the whole, so it is null. */
export function brokerTotals({ brokerFigures }: Pick<TrialResult, 'brokerFigures'>): BrokerTotals {
  const topics = brokerFigures?.topics ?? []
  const subscriptions = topics.flatMap((topic) => topic.subscriptions)
  const backlog = total(subscriptions.map((subscription) => subscription.backlog))
  return {
    messagesIn: total(topics.map(({ messagesIn }) => messagesIn)),
    messagesOut: total(subscriptions.map(({ messagesOut }) => messagesOut)),
    storageBytes: total(topics.map(({ storageBytes }) => storageBytes)),
    backlog,
    backlogUnit: backlog === null ? null : subscriptions[0]!.backlogUnit,
  }
}

function total(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null
  let sum = 0
  for (const value of values) {
    if (value === null) return null
    sum += value
  }
  return sum
}
