import { join } from 'node:path'
import { isHealthy } from './pulsar-ask.ts'
import type { Settings } from './pulsar-configuration.ts'
import type { PulsarExtra } from './pulsar-extra.ts'
import type { PulsarInstallation } from './pulsar-install.ts'
import { type Launch, writeConfiguration } from './pulsar-process.ts'
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
export function standaloneLaunch(plan: StandalonePlan, profile: Profile, adminToken: string | null): Launch {
  return {
    role: 'standalone',
    profile,
    main: mainOf(plan),
    what: `a message produced and read on pulsar 127.0.0.1:${plan.port}`,
    probe: (signal) => isHealthy(plan.webPort, adminToken, signal),
  }
}

function mainOf({ configFile, dataFolder, bookiePort, front }: StandalonePlan): string[] {
  return [
    'org.apache.pulsar.PulsarStandaloneStarter',
    ...['--config', configFile],
    ...['--metadata-dir', join(dataFolder, 'metadata')],
    ...['--bookkeeper-dir', join(dataFolder, 'bookkeeper')],
    ...['--bookkeeper-port', String(bookiePort)],
    ...(front === null ? ['--advertised-address', '127.0.0.1'] : []),
    '--no-functions-worker',
    '--no-stream-storage',
  ]
}
