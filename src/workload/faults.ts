import type { FaultFields } from './faults-schema.ts'
import type { Fault, NetworkFault, Plan, Side } from './model.ts'
import { configError, type Problem } from './problem.ts'
import type { Locator } from './validate.ts'

const NETWORK_EFFECTS = ['delayMs', 'bytesPerSecond', 'reset', 'blackHole'] as const
const NETWORK_FIELDS = [...NETWORK_EFFECTS, 'jitterMs', 'direction'] as const

/** Where a fault, or a field of it, was written. */
type Where = (index: number, field?: keyof FaultFields) => string

/** What is wrong with faults by themselves: fields that do not belong together, or are missing. */
export function faultProblems(faults: readonly FaultFields[] | undefined, locator: Locator): Problem[] {
  const where: Where = (index, field) =>
    locator.whereIs(field === undefined ? ['faults', index] : ['faults', index, field])
  return (faults ?? []).flatMap((fault, index) => problemsOfOne(fault, index, where))
}

function problemsOfOne(fault: FaultFields, index: number, where: Where): Problem[] {
  const problems: Problem[] = []
  const refuse = (what: string, hint: string, field?: keyof FaultFields) =>
    problems.push({ where: where(index, field), what: `${fault.fault}: ${what}`, hint })
  if (fault.forSeconds === undefined && fault.fault !== 'restart') {
    refuse('expected forSeconds, got nothing', 'add forSeconds: 5')
  }
  if (fault.fault === 'pause-consumers' && fault.node !== undefined) {
    refuse(`expected no node, got ${fault.node}`, 'remove node: all consumers pause', 'node')
  }
  if (fault.fault !== 'network') {
    for (const field of NETWORK_FIELDS.filter((name) => fault[name] !== undefined)) {
      refuse(`expected no ${field}, which is of network`, `remove ${field}, or set fault: network`, field)
    }
    return problems
  }
  if (typeof fault.node === 'string') {
    refuse(
      `expected a node's number, got ${fault.node}`,
      'write a number, or remove node: all of them',
      'node',
    )
  }
  const effects = NETWORK_EFFECTS.filter((name) => fault[name] !== undefined)
  if (effects.length === 0) {
    refuse(`expected one of ${NETWORK_EFFECTS.join(', ')}, got none`, 'add delayMs: 20')
  }
  for (const alone of ['reset', 'blackHole'] as const) {
    if (fault[alone] === undefined || effects.length === 1) continue
    const others = effects.filter((name) => name !== alone).join(', ')
    refuse(`expected ${alone} alone, got it with ${others}`, 'remove one of them', alone)
  }
  if (fault.reset && fault.direction !== undefined && fault.direction !== 'both') {
    refuse(`expected reset in both directions, got ${fault.direction}`, 'remove direction', 'direction')
  }
  if (fault.jitterMs !== undefined && fault.jitterMs > (fault.delayMs ?? 0)) {
    const what = `expected jitterMs of at most delayMs (${fault.delayMs ?? 'none'}), got ${fault.jitterMs}`
    refuse(what, 'raise delayMs, or lower jitterMs', 'jitterMs')
  }
  return problems
}

/** Faults with their defaults; they have no problems. */
export function toFaults(fields: readonly FaultFields[]): readonly Fault[] {
  return fields.map((fault): Fault => {
    const { atSeconds: atS, forSeconds: forS = 0 } = fault
    switch (fault.fault) {
      case 'pause-consumers':
        return { kind: fault.fault, atS, forS }
      case 'network':
        return { kind: fault.fault, atS, forS, network: networkOf(fault) }
      default:
        return { kind: fault.fault, atS, forS, node: fault.node ?? 'any' }
    }
  })
}

function networkOf(fault: FaultFields): NetworkFault {
  return {
    node: typeof fault.node === 'number' ? fault.node : null,
    direction: fault.direction ?? 'both',
    delayMs: fault.delayMs ?? 0,
    jitterMs: fault.jitterMs ?? 0,
    bytesPerS: fault.bytesPerSecond ?? null,
    reset: fault.reset ?? false,
    blackHole: fault.blackHole ?? false,
  }
}

/** A fault in words: `stop of node 1`. */
export function faultText(fault: Fault): string {
  const { kind, node, network } = fault
  if (network === undefined) return node === undefined ? kind : `${kind} of ${nodeText(node)}`
  const to = network.node === null ? '' : ` to ${nodeText(network.node)}`
  return `network${to}: ${networkText(network)}`
}

function nodeText(node: NonNullable<Fault['node']>): string {
  return node === 'leader' ? 'the leader' : node === 'any' ? 'any node' : `node ${node}`
}

function networkText({ delayMs, jitterMs, bytesPerS, reset, blackHole, direction }: NetworkFault): string {
  const jitter = jitterMs > 0 ? ` ± ${jitterMs}` : ''
  const effects = [
    delayMs > 0 ? `${delayMs}${jitter} ms later` : null,
    bytesPerS === null ? null : `${bytesPerS.toLocaleString('en-US')} bytes/s`,
    reset ? 'connections reset' : null,
    blackHole ? 'black hole' : null,
  ]
  const way = { 'to-broker': ', client to broker', 'to-client': ', broker to client', both: '' }[direction]
  return effects.filter((text) => text !== null).join(', ') + way
}

/** Whether a proxy has to stand between clients and brokers. */
export function needsProxy({ faults = [] }: Pick<Plan['workload'], 'faults'>): boolean {
  return faults.some(({ kind }) => kind === 'network')
}

/** What the registry knows of sides. */
export interface KnownOfSides {
  /** How many nodes a side's local broker has; null = not known. */
  nodes(side: Side): number | null
  /** Whether its local broker can be asked who leads. */
  tellsLeader(side: Side): boolean
  /** Whether its servers send clients to addresses of their own. */
  redirects(side: Side): boolean
}

/**
 * What is wrong with faults in this plan: beyond the measured time, at the same time as one that contradicts it, or at
 * a node of a broker that bench does not start or that has no such node.
 */
export function refuseFaults(
  plan: Pick<Plan, 'workload' | 'sides' | 'topology'>,
  locator: Locator,
  known: KnownOfSides,
): void {
  const { workload, sides } = plan
  const faults = workload.faults ?? []
  const problems: Problem[] = []
  faults.forEach((fault, index) => {
    const refuse = (what: string, hint: string) =>
      problems.push({ where: locator.whereIs(['faults', index]), what: `${faultText(fault)}: ${what}`, hint })
    const endS = fault.atS + fault.forS
    if (fault.atS >= workload.durationS || endS > workload.durationS) {
      const what = `expected its end within the ${workload.durationS} s measured, got ${endS} s`
      refuse(what, 'begin it earlier, or measure longer')
    }
    const other = faults.findIndex((each, i) => i < index && contradicts(each, fault))
    if (other >= 0) {
      const what = `expected no other fault of the same at the same time, got ${faultText(faults[other]!)} from ${faults[other]!.atS} s`
      refuse(what, 'let one end before the other begins')
    }
    const node = fault.node ?? fault.network?.node ?? null
    for (const side of sides) {
      if (fault.node !== undefined && side.servers !== null) {
        const what = `expected a broker that bench starts, got the servers of ${side.label}`
        refuse(what, 'of servers that are yours bench can only pause consumers and disturb the network')
        continue
      }
      if (fault.network !== undefined && side.servers !== null && known.redirects(side)) {
        const what = `expected a broker that bench starts, got the servers of ${side.label}`
        refuse(what, 'its servers tell clients where to go, so nothing can be put before them')
        continue
      }
      const nodes = side.servers === null ? known.nodes(side) : side.servers.length
      if (node === 'leader' && nodes !== 1 && !known.tellsLeader(side)) {
        refuse(`expected a node's number for ${side.label}, got leader`, 'its brokers do not tell who leads')
      }
      if (typeof node !== 'number' || nodes === null || node <= nodes) continue
      const few = nodes === 1 ? '1 node' : `${nodes} nodes`
      refuse(`expected a node of ${side.label}, which has ${few}, got ${node}`, 'or take --topology cluster')
    }
  })
  if (problems.length > 0) throw configError(problems)
}

/** Whether two faults that are on at the same time are about the same thing. */
function contradicts(a: Fault, b: Fault): boolean {
  const apart = a.atS + a.forS <= b.atS || b.atS + b.forS <= a.atS
  // Restarting takes time of its own: two at the very same instant meet, however short they are.
  if (apart && a.atS !== b.atS) return false
  if (a.network !== undefined && b.network !== undefined) return meets(a.network.node, b.network.node)
  if (a.kind === 'pause-consumers' || b.kind === 'pause-consumers') return a.kind === b.kind
  if (a.node === undefined || b.node === undefined) return false
  return typeof a.node === 'string' || typeof b.node === 'string' || a.node === b.node
}

function meets(a: number | null, b: number | null): boolean {
  return a === null || b === null || a === b
}
