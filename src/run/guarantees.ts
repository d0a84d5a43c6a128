import type { LocalBroker } from '../brokers/broker.ts'
import type { Guarantees, Terms } from '../driver/driver.ts'
import type { ServerGuarantees } from '../result/result.ts'
import type { TrialRecord } from './trial.ts'

/** What the driver states goes before what its local broker states; numbers of nodes are only known of a local one. */
export function knownGuarantees(
  stated: Guarantees | undefined,
  broker: Pick<LocalBroker, 'guarantees' | 'nodes'> | null,
): ServerGuarantees {
  const { copies, copiesAtAck, syncedAtAck } = { ...broker?.guarantees, ...stated }
  const asked = copies === 'every node' ? broker?.nodes.length : copies
  const kept = asked === undefined || broker === null ? asked : Math.min(asked, broker.nodes.length)
  const atAck = copiesAtAck === 'majority' ? majorityOf(kept) : copiesAtAck
  return {
    ...(kept === undefined ? {} : { copies: kept }),
    ...(atAck === undefined ? {} : { copiesAtAck: atAck }),
    ...(syncedAtAck === undefined ? {} : { syncedAtAck }),
  }
}

function majorityOf(copies: number | undefined): number | undefined {
  return copies === undefined ? undefined : Math.floor(copies / 2) + 1
}

/** What holds for the side, each source before the one that knows less: the topics as made, the driver, the local broker. */
export function knownTerms(
  { opened: { server }, topicTerms }: Pick<TrialRecord, 'opened' | 'topicTerms'>,
  broker: Pick<LocalBroker, 'guarantees' | 'nodes' | 'platform'> | null,
): { guarantees: ServerGuarantees; terms: Terms; notes: readonly string[] } {
  const ofTopics = typeof topicTerms === 'string' ? {} : topicTerms
  return {
    guarantees: knownGuarantees({ ...server.guarantees, ...ofTopics.guarantees }, broker),
    terms: {
      ...(broker?.platform === undefined ? {} : { platform: broker.platform }),
      ...server.terms,
      ...ofTopics.terms,
    },
    notes:
      typeof topicTerms === 'string'
        ? [`the server was not asked what holds for these topics: ${topicTerms}`]
        : [],
  }
}
