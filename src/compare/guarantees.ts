import type { ExperimentResult, TrialResult } from '../result/result.ts'
import type { GuaranteeRow } from './verdict/index.ts'

type Compared = Pick<ExperimentResult, 'sides' | 'workload'>
type Read = (trial: TrialResult, workload: Compared['workload']) => string | null

const GUARANTEES: readonly (readonly [string, Read])[] = [
  ['delivery', ({ promise }) => promise.delivery],
  ['order', orderOf],
  ['copies', ({ server }) => numberText(server.guarantees?.copies)],
  ['copies at the acknowledgement', ({ server }) => numberText(server.guarantees?.copiesAtAck)],
  ['on disk at the acknowledgement', ({ server }) => yesNo(server.guarantees?.syncedAtAck)],
]

/**
 * What the sides guarantee, in words that mean the same for every system (of each side's first trial; null = not known).
 * Pure.
 */
export function guaranteeRows({ sides, workload }: Compared): readonly GuaranteeRow[] {
  return GUARANTEES.map(([name, read]) => ({
    name,
    values: sides.map(({ trials }) => (trials[0] === undefined ? null : read(trials[0], workload))),
  }))
}

/** A queue keeps the order as a partition does, as long as no two consumers of a subscription read the same one. */
function orderOf({ promise }: TrialResult, workload: Compared['workload']): string {
  const { orderDomain, sharedStreams } = promise
  if (orderDomain === 'none') return 'not kept'
  if (orderDomain === 'key') return 'kept within a key'
  const sharing = sharedStreams && workload.consumersPerSubscription > workload.partitionsPerTopic
  return sharing ? 'not kept between consumers of a queue' : 'kept within a partition'
}

function numberText(value: number | undefined): string | null {
  return value === undefined ? null : String(value)
}

function yesNo(value: boolean | undefined): string | null {
  return value === undefined ? null : value ? 'yes' : 'no'
}
