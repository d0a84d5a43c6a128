import type { LocalBroker } from '../brokers/broker.ts'
import type { Guarantees } from '../driver/driver.ts'
import type { ServerGuarantees } from '../result/result.ts'

/** What the driver states goes before what its local broker states; numbers of nodes are only known of a local one. */
export function knownGuarantees(
  stated: Guarantees | undefined,
  broker: Pick<LocalBroker, 'guarantees' | 'nodes'> | null,
): ServerGuarantees {
  const { copies, copiesAtAck, syncedAtAck } = { ...broker?.guarantees, ...stated }
  const kept = copies === 'every node' ? broker?.nodes.length : copies
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
