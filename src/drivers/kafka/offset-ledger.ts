/** A batch that was handed over. */
interface Delivery {
  readonly nextOffset: number
  acknowledged: boolean
}

/** Deliveries of one partition that may wait for their acknowledgement; beyond it the partition is read no further. */
export const UNACKNOWLEDGED_BATCHES_LIMIT = 100_000

/** What is acknowledged of each assigned partition, in the order of delivery. */
export interface OffsetLedger {
  /** A batch was handed over; the function acknowledges it. */
  delivered(partition: number, nextOffset: number): () => void
  /** Notes a position to commit that no delivery stands for (the start of a subscription). */
  note(partition: number, nextOffset: number): void
  isFull(partition: number): boolean
  /** Positions that grew since they were last taken, as [partition, next offset]. */
  takeDirty(): [number, number][]
  /** Gives back what could not be committed. */
  restore(positions: readonly (readonly [number, number])[]): void
  /** The partition belongs to another consumer now. */
  forget(partition: number): void
}

interface PartitionLedger {
  readonly deliveries: Delivery[]
  committable: number
}

/** An empty ledger. A position is committable when everything delivered before it is acknowledged. */
export function createOffsetLedger(): OffsetLedger {
  const partitions = new Map<number, PartitionLedger>()
  const dirty = new Set<number>()

  function of(partition: number): PartitionLedger {
    let ledger = partitions.get(partition)
    if (ledger === undefined) {
      ledger = { deliveries: [], committable: -1 }
      partitions.set(partition, ledger)
    }
    return ledger
  }

  function settle(partition: number, ledger: PartitionLedger): void {
    let done = 0
    while (done < ledger.deliveries.length && ledger.deliveries[done]!.acknowledged) done++
    if (done === 0) return
    ledger.committable = ledger.deliveries[done - 1]!.nextOffset
    ledger.deliveries.splice(0, done)
    if (partitions.get(partition) === ledger) dirty.add(partition)
  }

  return {
    delivered(partition, nextOffset) {
      const ledger = of(partition)
      const delivery: Delivery = { nextOffset, acknowledged: false }
      ledger.deliveries.push(delivery)
      return () => {
        if (delivery.acknowledged) return
        delivery.acknowledged = true
        if (ledger.deliveries[0] === delivery) settle(partition, ledger)
      }
    },
    note(partition, nextOffset) {
      of(partition).committable = nextOffset
      dirty.add(partition)
    },
    isFull: (partition) =>
      (partitions.get(partition)?.deliveries.length ?? 0) >= UNACKNOWLEDGED_BATCHES_LIMIT,
    takeDirty() {
      const taken = [...dirty].map((partition): [number, number] => [partition, of(partition).committable])
      dirty.clear()
      return taken
    },
    restore(positions) {
      for (const [partition] of positions) if (partitions.has(partition)) dirty.add(partition)
    },
    forget(partition) {
      partitions.delete(partition)
      dirty.delete(partition)
    },
  }
}
