import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isHealthy } from './pulsar-ask.ts'
import type { Settings } from './pulsar-configuration.ts'
import type { PulsarExtra } from './pulsar-extra.ts'
import type { PulsarInstallation } from './pulsar-install.ts'
import { type Launch, runTool, writeConfiguration } from './pulsar-process.ts'
import { type Profile, type StandalonePlan, standaloneSettings } from './pulsar-settings.ts'

/** Writes the configuration of a standalone: ours, with the settings of its security and what was asked for on top. */
export function writeStandalone(
  installation: PulsarInstallation,
  plan: StandalonePlan,
  profile: Profile,
  extra: PulsarExtra,
  security: Settings,
): Promise<void> {
  const settings = { ...standaloneSettings(plan, profile, extra), ...security, ...extra.configuration }
  return writeConfiguration(installation, 'standalone.conf', plan, settings)
}

/** How a standalone is started and asked for its health. */
export function standaloneLaunch(
  installation: PulsarInstallation,
  plan: StandalonePlan,
  profile: Profile,
  adminToken: string | null,
): Launch {
  return {
    role: 'standalone',
    profile,
    main: mainOf(plan),
    what: `a message produced and read on pulsar 127.0.0.1:${plan.port}`,
    probe: (signal) => isHealthy(plan.webPort, adminToken, signal),
    afterKill: (signal) => forgetKilledBookie(installation, plan, signal),
  }
}

/**
 * Takes what a killed process left of its bookie's registration out of the metadata.
 *
 * Pulsar 4.0.8 deletes it when it is first read, and else that is by the bookie itself while it registers again. The
 * news of the deletion may then come after the registration: the bookie takes it for its own, deletes and registers, and
 * of that there is news, too, hundreds of times a second as long as the process runs. A reader that comes before it,
 * here BookKeeper's own tool that lists bookies, leaves nothing to be deleted.
 */
async function forgetKilledBookie(
  installation: PulsarInstallation,
  plan: StandalonePlan,
  signal: AbortSignal,
): Promise<void> {
  const file = join(dirname(plan.configFile), 'metadata.conf')
  await writeFile(file, `metadataServiceUri=metadata-store:rocksdb://${metadataFolder(plan)}\n`, {
    mode: 0o600,
  })
  const main = ['org.apache.bookkeeper.bookie.BookieShell', '-conf', file, 'listbookies', '-rw']
  await runTool(installation, plan, { main, what: 'the metadata of the killed pulsar to be read' }, signal)
}

const metadataFolder = ({ dataFolder }: StandalonePlan) => join(dataFolder, 'metadata')

function mainOf(plan: StandalonePlan): string[] {
  const { configFile, dataFolder, bookiePort, front } = plan
  return [
    'org.apache.pulsar.PulsarStandaloneStarter',
    ...['--config', configFile],
    ...['--metadata-dir', metadataFolder(plan)],
    ...['--bookkeeper-dir', join(dataFolder, 'bookkeeper')],
    ...['--bookkeeper-port', String(bookiePort)],
    ...(front === null ? ['--advertised-address', '127.0.0.1'] : []),
    '--no-functions-worker',
    '--no-stream-storage',
  ]
}
