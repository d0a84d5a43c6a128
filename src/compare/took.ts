import type { Costs, TrialResult, WireBytes } from '../result/result.ts'

/** What a trial took, all workers and all processes of the local broker together; null where it is not known. */
export interface Took {
  /** CPU seconds. */
  readonly clientCpuS: number
  /** Sum over workers of the most memory that each held. */
  readonly clientRssBytes: number | null
  readonly clientSentBytes: number | null
  readonly clientReceivedBytes: number | null
  readonly brokerCpuS: number | null
  readonly brokerRssBytes: number | null
  readonly brokerSentBytes: number | null
  readonly brokerReceivedBytes: number | null
  readonly diskWrittenBytes: number | null
  readonly diskGrowthBytes: number | null
}

/** What the processes took during measure, in all. A lower bound of bytes on the wire is not told. Pure. */
export function tookOf({ workers, clientWire, server: { usage } }: TrialResult): Took {
  const client = whole(clientWire)
  const broker = whole(usage?.wire)
  return {
    clientCpuS: workers.reduce((sum, worker) => sum + worker.cpuS, 0),
    clientRssBytes:
      workers.length === 0 ? null : workers.reduce((sum, { maxRssBytes }) => sum + maxRssBytes, 0),
    clientSentBytes: client?.sentBytes ?? null,
    clientReceivedBytes: client?.receivedBytes ?? null,
    brokerCpuS: usage?.cpuS ?? null,
    brokerRssBytes: usage?.maxRssBytes ?? null,
    brokerSentBytes: broker?.sentBytes ?? null,
    brokerReceivedBytes: broker?.receivedBytes ?? null,
    diskWrittenBytes: usage?.diskWrittenBytes ?? null,
    diskGrowthBytes: usage?.diskGrowthBytes ?? null,
  }
}

/** A figure of a trial by the messages acknowledged in measure; null where either is not known. */
export function perMessage(figure: number | null, { phases }: TrialResult): number | null {
  const { acknowledged } = phases.measure.counts
  return figure === null || acknowledged === 0 ? null : figure / acknowledged
}

/** What a million acknowledged messages cost, in the currency of `costs`; null where nobody was charged. */
export function costPerMillion(trial: TrialResult, side: string, costs: Costs): number | null {
  if (costs.billing === 'not billed') return null
  const perHour = costs.sides.find((cost) => cost.side === side)?.perHour
  if (perHour === undefined) return null
  return perMessage((perHour * trial.phases.measure.durationS * 1e6) / 3600, trial)
}

function whole(wire: WireBytes | undefined): WireBytes | null {
  return wire === undefined || wire.atLeast ? null : wire
}
