import { join } from 'node:path'
import packageJson from '../../../package.json' with { type: 'json' }
import { type ManagedNode, shutDownNodes, startNode } from '../base-node.ts'
import type { LocalBroker, LocalBrokerOptions, LocalBrokerProvider } from '../broker.ts'
import { freePorts, type ServerProcess, spawnServer, waitUntil } from '../process/index.ts'
import { proveGateway } from './otlp-health.ts'
import {
  GATEWAY_MAIN,
  type GatewayPorts,
  gatewayEnvironment,
  gatewayServers,
  gatewayVariables,
  type OtlpExtra,
} from './otlp-settings.ts'

const CLUSTER_NODES = 3
const PORTS_PER_NODE = 3
/** What is queued when a run ends is of no use to anybody. */
const STOP_GRACE_MS = 500
const START_LIMIT_MS = 60_000
const PROBE_EVERY_MS = 50
const PROBE_LIMIT_MS = 2000

/**
 * The product's own OTLP gateway on free ports of loopback with the shipped profile: one process, or as a cluster three
 * that share nothing, between which senders balance. Their upstream are two reserved ports, for the sink that the
 * consumers are; `servers` names all of them. `extra` is `OtlpExtra`.
 */
export const otlpProvider: LocalBrokerProvider = {
  name: 'otlp',
  async inspect() {
    return [{ what: 'the OTLP gateway', found: true, detail: 'a part of bench' }]
  },
  up,
}

async function up(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  const gateways = await planGateways(options.topology === 'cluster' ? CLUSTER_NODES : 1)
  const extra = (options.extra ?? {}) as OtlpExtra
  const nodes: ManagedNode[] = []
  const down = () => shutDownNodes(nodes, [], STOP_GRACE_MS)
  try {
    for (const ports of gateways) {
      nodes.push(await startGateway(`otlp-${nodes.length + 1}`, options, ports, extra, signal))
      await proveGateway(gatewayServers([ports]), signal)
    }
  } catch (error) {
    await down()
    throw error
  }
  const servers = gatewayServers(
    await Promise.all(gateways.map((ports, i) => frontedPorts(ports, i, options))),
  )
  options.log(`listening on ${servers.join(', ')}`)
  return {
    name: 'otlp',
    version: packageJson.version,
    runtime: 'native',
    topology: options.topology,
    platform: `Bun ${Bun.version}`,
    servers,
    settings: {
      queue: 'in memory, lost in a crash',
      ...(nodes.length > 1 ? { gateways: `${nodes.length}, each with a queue of its own` } : {}),
      ...gatewayVariables(gateways[0]!, extra),
    },
    nodes,
    down,
  }
}

async function planGateways(count: number): Promise<GatewayPorts[]> {
  const [sinkHttp = 0, sinkGrpc = 0, ...ports] = await freePorts(2 + PORTS_PER_NODE * count)
  return Array.from({ length: count }, (_, i) => {
    const [http = 0, grpc = 0, metrics = 0] = ports.slice(i * PORTS_PER_NODE)
    return { http, grpc, metrics, sinkHttp, sinkGrpc }
  })
}

/** Where senders come: both of a gateway's receivers. */
async function frontedPorts(
  ports: GatewayPorts,
  node: number,
  { front }: LocalBrokerOptions,
): Promise<GatewayPorts> {
  if (front === undefined) return ports
  const portOf = async (port: number) => Number((await front(node, `127.0.0.1:${port}`)).split(':').at(-1))
  return { ...ports, http: await portOf(ports.http), grpc: await portOf(ports.grpc) }
}

function startGateway(
  name: string,
  options: LocalBrokerOptions,
  ports: GatewayPorts,
  extra: OtlpExtra,
  signal: AbortSignal,
): Promise<ManagedNode> {
  const address = `127.0.0.1:${ports.http}`
  const logFile = join(options.directory, 'logs', `${name}.log`)
  const start = async (startSignal: AbortSignal): Promise<ServerProcess> => {
    const server = spawnServer({
      command: process.execPath,
      args: [GATEWAY_MAIN],
      env: gatewayEnvironment(gatewayVariables(ports, extra)),
      cwd: options.directory,
      logFile,
      signal: startSignal,
    })
    try {
      await untilReady(server, ports.metrics, startSignal)
      return server
    } catch (error) {
      await server.kill()
      throw error
    }
  }
  return startNode({ name, bound: address, advertised: address, logFile, start }, signal)
}

async function untilReady(server: ServerProcess, metricsPort: number, signal: AbortSignal): Promise<void> {
  const url = `http://127.0.0.1:${metricsPort}/ready`
  await waitUntil(
    async (probe) => {
      const limit = AbortSignal.any([probe, AbortSignal.timeout(PROBE_LIMIT_MS)])
      return (await fetch(url, { signal: limit })).ok
    },
    { limitMs: START_LIMIT_MS, everyMs: PROBE_EVERY_MS, what: `the gateway to be ready at ${url}`, server },
    signal,
  )
}
