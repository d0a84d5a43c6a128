import { join } from 'node:path'
import packageJson from '../../../package.json' with { type: 'json' }
import { AppError } from '../../errors/app-error.ts'
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

/** What is queued when a run ends is of no use to anybody. */
const STOP_GRACE_MS = 500
const START_LIMIT_MS = 60_000
const PROBE_EVERY_MS = 50
const PROBE_LIMIT_MS = 2000

/**
 * The product's own OTLP gateway on free ports of loopback, one process, with the shipped profile. Its upstream are two
 * reserved ports, for the sink that the consumers are; `servers` names all of them. `extra` is `OtlpExtra`.
 */
export const otlpProvider: LocalBrokerProvider = {
  name: 'otlp',
  async inspect() {
    return [{ what: 'the OTLP gateway', found: true, detail: 'a part of bench' }]
  },
  up,
}

async function up(options: LocalBrokerOptions, signal: AbortSignal): Promise<LocalBroker> {
  if (options.topology !== 'single') {
    throw new AppError('CONFIG', `expected topology single for otlp, got ${options.topology}`, {
      hint: 'gateways share nothing: name several in servers of a driver file',
    })
  }
  const [http = 0, grpc = 0, metrics = 0, sinkHttp = 0, sinkGrpc = 0] = await freePorts(5)
  const ports: GatewayPorts = { http, grpc, metrics, sinkHttp, sinkGrpc }
  const variables = gatewayVariables(ports, (options.extra ?? {}) as OtlpExtra)
  const servers = gatewayServers(ports)
  const node = await startGateway(options, ports, variables, signal)
  const down = () => shutDownNodes([node], [], STOP_GRACE_MS)
  try {
    await proveGateway(servers, signal)
  } catch (error) {
    await down()
    throw error
  }
  options.log(`the gateway listens on ${servers.slice(0, 2).join(' and ')}`)
  return {
    name: 'otlp',
    version: packageJson.version,
    runtime: 'native',
    topology: 'single',
    servers,
    settings: { queue: 'in memory, lost in a crash', ...variables },
    nodes: [node],
    down,
  }
}

function startGateway(
  options: LocalBrokerOptions,
  ports: GatewayPorts,
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ManagedNode> {
  const address = `127.0.0.1:${ports.http}`
  const logFile = join(options.directory, 'logs', 'otlp-1.log')
  const start = async (startSignal: AbortSignal): Promise<ServerProcess> => {
    const server = spawnServer({
      command: process.execPath,
      args: [GATEWAY_MAIN],
      env: gatewayEnvironment(variables),
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
  return startNode({ name: 'otlp-1', bound: address, advertised: address, logFile, start }, signal)
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
