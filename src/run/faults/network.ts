import { CLEAR, CLEAR_WAY, type LinkCondition, type WayCondition } from '../../proxy/condition.ts'
import { startProxy } from '../../proxy/proxy-process.ts'
import type { NetworkFault } from '../../workload/model.ts'

/** `host:port`, alone or in a URL of a scheme. */
const SERVER = /^(?:([a-z+]+:\/\/))?([^/]+)(\/?)$/i
/** Addresses where we listen ourselves: nobody goes there as a client of the broker. */
const OURS = 'sink+'

/** A proxy before every server of a side, for one trial. */
export interface TrialNetwork {
  /** Aborts with the reason when the proxy is gone, and with it every connection. */
  readonly death: AbortSignal
  /** An address for clients that leads to this address of a node (from 0). */
  front(node: number, address: string): Promise<string>
  /** The same for servers that were given: one a node, in their form. */
  frontServers(servers: readonly string[]): Promise<string[]>
  /** Does this to the connections to a node (from 1; null = to all), or ends what was done to them. */
  disturb(fault: NetworkFault | null, node: number | null): Promise<void>
  /** Ends the proxy. Idempotent. */
  end(): Promise<void>
}

/** Starts the proxy's process. */
export function openNetwork(): TrialNetwork {
  const proxy = startProxy()
  const fronts: { readonly node: number; readonly address: string }[] = []
  const front: TrialNetwork['front'] = async (node, target) => {
    const address = await proxy.open(target)
    fronts.push({ node, address })
    return address
  }
  return {
    death: proxy.death,
    front,
    async frontServers(servers) {
      const through: string[] = []
      for (const [node, server] of servers.entries()) {
        const [, scheme = '', address = '', rest = ''] = SERVER.exec(server) ?? []
        const isOurs = scheme.startsWith(OURS)
        through.push(isOurs ? server : `${scheme}${await front(node, address)}${rest}`)
      }
      return through
    },
    async disturb(fault, node) {
      const condition = fault === null ? CLEAR : conditionOf(fault)
      const wanted = fronts.filter((each) => node === null || each.node === node - 1)
      await Promise.all(wanted.map(({ address }) => proxy.change(address, condition)))
    },
    end: () => proxy.end(),
  }
}

function conditionOf({ direction, reset, ...way }: NetworkFault): LinkCondition {
  const { delayMs, jitterMs, bytesPerS, blackHole } = way
  const disturbed: WayCondition = { delayMs, jitterMs, bytesPerS, blackHole }
  return {
    toBroker: direction === 'to-client' ? CLEAR_WAY : disturbed,
    toClient: direction === 'to-broker' ? CLEAR_WAY : disturbed,
    reset,
  }
}
