import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { type ServerProcess, spawnServer, waitUntil } from '../process/index.ts'
import { archiveFlags, runCommand, temporaryFlag } from '../provision/index.ts'
import { produceAndRead } from './kafka-health.ts'
import { classPath, type KafkaInstallation } from './kafka-libraries.ts'
import type { NodePlan } from './kafka-settings.ts'

const FORMAT_LIMIT_MS = 60_000
/** Generous: a loaded small machine took 27 s to listen. */
const START_LIMIT_MS = 120_000
const PROBE_EVERY_MS = 100
const TOOL_FLAGS = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** Formats a node's data folder. Throws when the disk is full or not writable. */
export async function formatStorage(
  installation: KafkaInstallation,
  node: NodePlan,
  clusterId: string,
  scramArguments: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { java, libraries } = installation
  await mkdir(node.dataFolder, { recursive: true })
  const tool = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    node.configFile,
    ...scramArguments,
  ]
  const output = await runCommand(
    {
      command: java.java,
      args: [...TOOL_FLAGS, ...archiveFlags(installation.archive), ...classPath(libraries), ...tool],
      env: environment(installation),
      limitMs: FORMAT_LIMIT_MS,
    },
    signal,
  )
  if (output.code === 0) return
  const said = `${output.stdout}\n${output.stderr}`.trim()
  throw new AppError('PREPARE', `expected to format ${node.dataFolder} for kafka, got:\n${lastLines(said)}`, {
    hint: /space left/i.test(said)
      ? 'free some space on that disk'
      : 'is the folder writable, and the disk not full?',
  })
}

/** Starts a node's process; it is not yet healthy. */
export async function spawnKafka(
  installation: KafkaInstallation,
  node: NodePlan,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<ServerProcess> {
  const { java, libraries } = installation
  await mkdir(dirname(node.logFile), { recursive: true })
  const temporaryFolder = join(dirname(node.configFile), 'temporary')
  return spawnServer({
    command: java.java,
    args: [
      ...flags,
      temporaryFlag(temporaryFolder),
      ...archiveFlags(installation.archive),
      ...classPath(libraries),
      'kafka.Kafka',
      node.configFile,
    ],
    env: environment(installation),
    cwd: dirname(node.configFile),
    logFile: node.logFile,
    temporaryFolder,
    signal,
  })
}

/** Waits until a message was produced and read through the node. */
export async function untilHealthy(
  server: ServerProcess,
  node: NodePlan,
  brokerCount: number,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(
    (probe) => answers(node.front === null ? node.port : node.internalPort, brokerCount, probe),
    {
      limitMs: START_LIMIT_MS,
      everyMs: PROBE_EVERY_MS,
      what: `a message produced and read on kafka 127.0.0.1:${node.port}`,
      server,
    },
    signal,
  )
}

/** Whether a message was produced and read through the node at this port of loopback; throws what went wrong. */
export async function answers(port: number, brokerCount: number, signal: AbortSignal): Promise<boolean> {
  if (!(await accepts(port))) return false
  await produceAndRead([`127.0.0.1:${port}`], brokerCount, signal)
  return true
}

/** Whether a port of loopback accepts connections. */
export async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}

/** Writes a node's configuration files. */
export async function writeConfiguration(node: NodePlan, properties: string): Promise<void> {
  await mkdir(dirname(node.configFile), { recursive: true })
  await writeFile(node.configFile, properties, { mode: 0o600 })
}

/** A new cluster id: 22 characters of base64; a leading hyphen would be read as an option. */
export function randomClusterId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
    .toString('base64url')
    .replace(/^-/, 'A')
}

function environment({ java }: Pick<KafkaInstallation, 'java'>): Record<string, string | undefined> {
  return { ...process.env, ...java.env }
}

function lastLines(text: string): string {
  return text.split('\n').slice(-12).join('\n')
}
