import { AppError } from '../../errors/app-error.ts'
import { type ManagedNode, startNode } from '../base-node.ts'
import type { LocalBroker, Topology } from '../broker.ts'
import { waitUntil } from '../process/index.ts'
import { type ContainerOptions, runContainer } from './container.ts'
import { type ContainerEngine, imageId } from './engine.ts'

/** A broker of one node in a container; the parts that Kafka's and RabbitMQ's share. */
export interface ContainerBrokerParts {
  /** Name of the broker, e.g. `kafka`. */
  readonly name: string
  readonly nodeName: string
  readonly topology: Topology
  /** Published port of loopback at which clients come. */
  readonly port: number
  readonly container: Omit<ContainerOptions, 'name'>
  /** Sends a message and reads it back; what it throws or false means `not yet`. */
  readonly probe: (signal: AbortSignal) => Promise<boolean>
  /** What the result tells of the broker, asked once it is healthy; image and engine are added. */
  readonly describe: () => Promise<{ readonly version: string; readonly settings: Record<string, string> }>
}

const START_LIMIT_MS = 120_000
const PROBE_EVERY_MS = 300

/** Starts it, published on loopback; resolves once a message came back. Leaves nothing when it fails. */
export async function startContainerBroker(
  engine: ContainerEngine,
  parts: ContainerBrokerParts,
  signal: AbortSignal,
): Promise<LocalBroker> {
  const { name, topology } = parts
  const { image } = parts.container
  const node = await startContainerNode(engine, parts, signal)
  try {
    const { version, settings } = await parts.describe()
    const id = await imageId(engine, image, signal)
    const told = { image: `${image} (${id})`, engine: `${engine.command} ${engine.version}` }
    return {
      name,
      version,
      runtime: 'container',
      topology,
      servers: [node.advertised],
      settings: { ...settings, ...told },
      nodes: [node],
      // What is killed needs no goodbye: the data goes with the container.
      down: () => node.kill(),
    }
  } catch (error) {
    await node.kill()
    throw error
  }
}

function startContainerNode(
  engine: ContainerEngine,
  parts: ContainerBrokerParts,
  signal: AbortSignal,
): Promise<ManagedNode> {
  const { nodeName, name } = parts
  const { logFile } = parts.container
  const address = `127.0.0.1:${parts.port}`
  let started = false
  const start = async (startSignal: AbortSignal) => {
    if (started) throw dataIsGone(nodeName)
    started = true
    const server = await runContainer(engine, { ...parts.container, name }, startSignal)
    try {
      const what = `the container ${server.container} to take and return a message on ${address}`
      await waitUntil(
        parts.probe,
        { limitMs: START_LIMIT_MS, everyMs: PROBE_EVERY_MS, what, server: server.logs },
        startSignal,
      )
      return server
    } catch (error) {
      await server.kill()
      throw error
    }
  }
  return startNode({ name: nodeName, bound: address, advertised: address, logFile, start }, signal)
}

function dataIsGone(node: string): AppError {
  return new AppError('PREPARE', `expected ${node} to keep its data when killed, but its container is gone`, {
    hint: 'set BENCH_RUNTIME=native for runs that restart a broker',
  })
}
