import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../errors/app-error.ts'
import { type ManagedNode, type NodeParts, startNode } from '../base-node.ts'
import { type ServerProcess, spawnServer, waitUntil } from '../process/index.ts'
import { archiveFlags, runCommand, temporaryFlag } from '../provision/index.ts'
import { type Settings, withSettings } from './pulsar-configuration.ts'
import type { PulsarInstallation } from './pulsar-install.ts'
import { type BrokerPlan, memoryFlags, type NodePlan, type Profile, type Role } from './pulsar-settings.ts'
import { withFirstErrors } from './pulsar-start-errors.ts'

/** Generous: a loaded small machine took 34 s. */
const START_LIMIT_MS = 120_000
const PROBE_EVERY_MS = 500
const TOOL_LIMIT_MS = 120_000
const TOOL_FLAGS = ['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** Everything about a process of Pulsar but its plan. */
export interface Launch {
  readonly role: Role
  readonly profile: Profile
  /** Java's main class and its arguments. */
  readonly main: readonly string[]
  /** What is waited for, as a noun. */
  readonly what: string
  readonly probe: (signal: AbortSignal) => Promise<boolean>
  /** What must have happened before a killed process may come back. */
  readonly beforeRestart?: (signal: AbortSignal) => Promise<void>
  /** What is done while a killed process is away. */
  readonly afterKill?: NodeParts['afterKill']
}

/** Starts a node and waits until it is healthy. A failure quotes the log; nothing is left running. */
export function startPulsarNode(
  installation: PulsarInstallation,
  plan: NodePlan & Partial<Pick<BrokerPlan, 'front'>>,
  launch: Launch,
  signal: AbortSignal,
): Promise<ManagedNode> {
  let startedBefore = false
  const start = async (startSignal: AbortSignal): Promise<ServerProcess> => {
    if (startedBefore) await launch.beforeRestart?.(startSignal)
    startedBefore = true
    const server = await spawnPulsar(installation, plan, launch, startSignal)
    try {
      const wait = { limitMs: START_LIMIT_MS, everyMs: PROBE_EVERY_MS, what: launch.what, server }
      await waitUntil(launch.probe, wait, startSignal)
      return server
    } catch (error) {
      await server.kill()
      throw withFirstErrors(error, plan)
    }
  }
  const address = `127.0.0.1:${plan.port}`
  const { name, logFile } = plan
  const parts = { name, bound: address, advertised: plan.front ?? address, logFile, start }
  return startNode({ ...parts, ...(launch.afterKill && { afterKill: launch.afterKill }) }, signal)
}

/** Starts a process and waits for nothing; `more` are further flags of its Java. */
export async function spawnPulsar(
  installation: PulsarInstallation,
  plan: NodePlan,
  { role, profile, main }: Launch,
  signal: AbortSignal,
  more: readonly string[] = [],
): Promise<ServerProcess> {
  const { java, archive } = installation
  const folder = dirname(plan.configFile)
  await mkdir(folder, { recursive: true })
  await mkdir(plan.dataFolder, { recursive: true })
  const logging = join(folder, 'log4j2.xml')
  await writeFile(logging, LOG4J)
  const temporaryFolder = join(folder, 'temporary')
  const flags = [
    ...memoryFlags(profile, role),
    temporaryFlag(temporaryFolder),
    `-Dlog4j2.configurationFile=${logging}`,
    ...COMMON_FLAGS,
    ...archiveFlags(archive),
    ...more,
  ]
  return spawnServer({
    command: java.java,
    args: [...flags, '-cp', classPath(installation), ...main],
    env: { ...process.env, ...java.env },
    cwd: folder,
    logFile: plan.logFile,
    temporaryFolder,
    signal,
  })
}

/** Runs one of Pulsar's own tools for a node to its end. Throws with what it said. */
export async function runTool(
  installation: PulsarInstallation,
  { configFile }: NodePlan,
  { main, what }: Pick<Launch, 'main' | 'what'>,
  signal: AbortSignal,
): Promise<void> {
  const { java, archive } = installation
  const temporaryFolder = join(dirname(configFile), 'temporary-tool')
  await mkdir(temporaryFolder, { recursive: true })
  const output = await runCommand(
    {
      command: java.java,
      args: [
        ...TOOL_FLAGS,
        temporaryFlag(temporaryFolder),
        ...COMMON_FLAGS,
        ...archiveFlags(archive),
        '-cp',
        classPath(installation),
        ...main,
      ],
      env: { ...process.env, ...java.env },
      limitMs: TOOL_LIMIT_MS,
    },
    signal,
  ).finally(() => rm(temporaryFolder, { recursive: true, force: true }))
  if (output.code === 0) return
  const said = `${output.stdout}\n${output.stderr}`.trim().split('\n').slice(-QUOTED_LINES).join('\n')
  throw new AppError('PREPARE', `expected ${what}, got status ${output.code}:\n${said}`, {
    hint: 'is the machine very busy? start again',
  })
}

const QUOTED_LINES = 15

/** Writes a node's configuration: the shipped file of this name with these settings, or these alone. */
export async function writeConfiguration(
  { home }: PulsarInstallation,
  shippedFile: string | null,
  plan: NodePlan,
  settings: Settings,
): Promise<void> {
  const shipped = shippedFile === null ? '' : await readFile(join(home, 'conf', shippedFile), 'utf8')
  await mkdir(dirname(plan.configFile), { recursive: true })
  await writeFile(plan.configFile, withSettings(shipped, settings), { mode: 0o600 })
}

function classPath({ home }: PulsarInstallation): string {
  return join(home, 'lib', '*')
}

const OPENED = [
  'java.base/java.io',
  'java.base/java.nio',
  'java.base/java.util.zip',
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.platform',
  'java.management/sun.management',
  'jdk.management/com.sun.management.internal',
]
const DRIVERS = 'org.apache.pulsar.metadata.bookkeeper.PulsarMetadata'

/** As `bin/pulsar` sets them. */
const COMMON_FLAGS: readonly string[] = [
  ...OPENED.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
  '--enable-native-access=ALL-UNNAMED',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Djute.maxbuffer=10485760',
  '-Dio.netty.tryReflectionSetAccessible=true',
  '-Dpulsar.allocator.exit_on_oom=true',
  `-Dbookkeeper.metadata.bookie.drivers=${DRIVERS}BookieDriver`,
  `-Dbookkeeper.metadata.client.drivers=${DRIVERS}ClientDriver`,
]

/** Warnings and errors to standard output, which goes to the node's log file. */
const LOG4J = `<Configuration status="error">
  <Appenders><Console name="console"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
`
