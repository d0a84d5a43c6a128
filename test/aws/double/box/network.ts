import { enter, must, startHolder } from './holder.ts'
import type { World } from './world.ts'

/** The address at which instances reach their metadata and, on other ports, what the host offers them. */
export const LINK_LOCAL = '169.254.169.254'

/**
 * The network of one VPC: a bridge in a namespace of its own, so that two VPCs may have the same addresses. Instances
 * hang on it with their private addresses; the way out ends here.
 */
export interface VpcNetwork {
  readonly pid: number
  /** Gives the network namespace of the process `boxPid` the address, as its `eth0`. */
  connect(boxPid: number, address: string): Promise<void>
  end(): Promise<void>
}

const SCRIPT = `
ip link set lo up &&
ip link add vpc type bridge &&
ip link set vpc up &&
ip address add "$1" dev vpc &&
ip address add ${LINK_LOCAL}/32 dev vpc && echo ready
while read -r _; do :; done
`

const BOX_SCRIPT = `
ip link set lo up &&
ip address add "$1" dev eth0 &&
ip link set eth0 up &&
ip route add default via "$2"
`

/** Makes the network of a VPC; `cidr` as AWS writes it, e.g. `10.0.0.0/16`. */
export async function startVpcNetwork(world: World, cidr: string): Promise<VpcNetwork> {
  const { gateway, bits } = gatewayOf(cidr)
  const shell = ['bash', '-c', SCRIPT, 'vpc', `${gateway}/${bits}`]
  const holder = await startHolder(world.inside(['unshare', '--net', ...shell]), `network ${cidr}`)
  let links = 0
  const connect = async (boxPid: number, address: string) => {
    const link = `link${++links}`
    const pair = ['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(boxPid)]
    await must(enter(holder.pid, ['-n'], pair))
    await must(enter(holder.pid, ['-n'], ['ip', 'link', 'set', link, 'master', 'vpc', 'up']))
    await must(enter(boxPid, ['-n'], ['bash', '-c', BOX_SCRIPT, 'box', `${address}/${bits}`, gateway]))
  }
  return { pid: holder.pid, connect, end: holder.end }
}

/** The first address of the block, which AWS keeps for its router. */
export function gatewayOf(cidr: string): { readonly gateway: string; readonly bits: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  if (match === null) throw new Error(`expected a block like 10.0.0.0/16, got ${cidr}`)
  const [a, b, c, d, bits] = match.slice(1).map(Number)
  return { gateway: `${a}.${b}.${c}.${d! + 1}`, bits: bits! }
}
