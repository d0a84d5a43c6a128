import type { BrokerNode, LocalBroker } from '../../brokers/broker.ts'
import { newRandom } from '../../engine/random.ts'
import { AppError } from '../../errors/app-error.ts'
import { faultText } from '../../workload/faults.ts'
import type { Fault } from '../../workload/model.ts'
import type { TrialNetwork } from './network.ts'

/** A clean end of a node that is restarted gets so long, then it is killed. */
const RESTART_GRACE_MS = 10_000
/** Asking who leads. */
const LEADER_LIMIT_MS = 20_000

/** A fault that is about to happen. */
export interface FaultAction {
  /** `kill of kafka-2`. */
  readonly text: string
  begin(): Promise<void>
  /**
   * Takes it back. When the signal aborts, what is halted still continues and what is paused resumes, but a broker that
   * goes down anyway is not started again.
   */
  end(signal: AbortSignal): Promise<void>
}

/** What faults can reach. */
export interface FaultTargets {
  /** Null: the servers are not ours. */
  readonly broker: LocalBroker | null
  /** Null: nothing stands between. */
  readonly network: Pick<TrialNetwork, 'disturb' | 'death'> | null
  readonly consumers: { pause(): Promise<void>; resume(): Promise<void> }
  /** Of whose first partition the leader is sought. */
  readonly topic: string
  readonly seed: number
}

/** What a fault does to these targets. Throws `AppError('PREPARE')` where there is no such target. */
export async function faultAction(targets: FaultTargets, fault: Fault, index: number): Promise<FaultAction> {
  if (fault.kind === 'pause-consumers') {
    const { consumers } = targets
    return { text: faultText(fault), begin: consumers.pause, end: consumers.resume }
  }
  if (fault.kind === 'network') return networkAction(targets, fault)
  const node = await chooseNode(targets, fault, index)
  const text = `${fault.kind} of ${node.name}${fault.node === 'leader' ? ', the leader' : ''}`
  switch (fault.kind) {
    case 'stop':
      return { text, begin: async () => node.stop(), end: async () => node.continue() }
    case 'kill':
      return { text, begin: () => node.kill(), end: (signal) => node.restart(signal) }
    case 'restart':
      return {
        text,
        begin: () => node.shutDown?.(RESTART_GRACE_MS) ?? node.kill(),
        end: (signal) => node.restart(signal),
      }
  }
}

function networkAction({ network }: FaultTargets, fault: Fault): FaultAction {
  const { network: how } = fault
  if (network === null || how === undefined) {
    throw new AppError('CONTRACT', 'expected a proxy before the broker for a fault of the network, got none')
  }
  return {
    text: faultText(fault),
    begin: () => network.disturb(how, how.node),
    end: () => network.disturb(null, how.node),
  }
}

async function chooseNode(
  { broker, topic, seed }: FaultTargets,
  { node }: Fault,
  index: number,
): Promise<BrokerNode> {
  const nodes = broker?.nodes ?? []
  const place = node === 'leader' ? await leaderOf(broker, topic) : node
  const found =
    typeof place === 'number' ? nodes[place - 1] : nodes[newRandom(seed + index).below(nodes.length)]
  if (found !== undefined) return found
  throw new AppError('PREPARE', `expected node ${place} of ${broker?.name}, got ${nodes.length} nodes`)
}

async function leaderOf(broker: LocalBroker | null, topic: string): Promise<number> {
  if (broker?.nodes.length === 1) return 1
  const leader = await broker?.leaderOf?.(topic, AbortSignal.timeout(LEADER_LIMIT_MS))
  if (leader !== undefined && leader !== null) return leader + 1
  throw new AppError('PREPARE', `expected ${broker?.name} to tell who leads ${topic}, got no answer`, {
    hint: 'name the node by its number',
  })
}
