import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { waitUntil } from '../process/index.ts'
import { classArchive, type Log } from '../provision/index.ts'
import { parseExtra } from './pulsar-extra.ts'
import { PULSAR_VERSION, type PulsarInstallation } from './pulsar-install.ts'
import { planStandalone } from './pulsar-plan.ts'
import { spawnPulsar } from './pulsar-process.ts'
import { standaloneLaunch, writeStandalone } from './pulsar-standalone.ts'

const START_LIMIT_MS = 180_000
/** The archive is written when the process ends. */
const WRITE_LIMIT_MS = 90_000

/** The installation with the class-data archive that its processes share, where one can be had. */
export async function withClassArchive(
  installation: PulsarInstallation,
  log: Log,
  signal: AbortSignal,
): Promise<PulsarInstallation> {
  const recipe = {
    name: `pulsar-${PULSAR_VERSION}`,
    java: installation.java,
    libraries: join(installation.home, 'lib'),
    run: (folder: string, flags: readonly string[], limit: AbortSignal) =>
      runOnce(installation, folder, flags, limit),
  }
  return { ...installation, archive: await classArchive(recipe, log, signal) }
}

/** A standalone that is healthy once, so that it has loaded what a start needs, and then ends. */
async function runOnce(
  installation: PulsarInstallation,
  folder: string,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const directory = join(folder, 'work')
  const extra = parseExtra({})
  const plan = await planStandalone({ topology: 'single', profile: 'quick', directory, log: () => {} }, extra)
  await writeStandalone(installation, plan, 'quick', extra, {})
  const launch = standaloneLaunch(installation, plan, 'quick', null)
  const server = await spawnPulsar(installation, plan, launch, signal, flags)
  try {
    const what = 'pulsar to start for its class-data archive'
    await waitUntil(launch.probe, { limitMs: START_LIMIT_MS, everyMs: 500, what, server }, signal)
  } finally {
    await server.stop(WRITE_LIMIT_MS)
    await rm(directory, { recursive: true, force: true })
  }
}
