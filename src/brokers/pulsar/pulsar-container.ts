import type { LocalBroker, LocalBrokerOptions } from '../broker.ts'
import { type ContainerEngine, startContainerBroker } from '../container/index.ts'
import { isHealthy } from './pulsar-ask.ts'
import { pulsarExtraSchema } from './pulsar-extra.ts'
import { PULSAR_IMAGE, PULSAR_VERSION } from './pulsar-install.ts'
import { memoryFlags, type Profile, type StandalonePlan, standaloneSettings } from './pulsar-settings.ts'
import { shownSettings } from './pulsar-shown.ts'

const SCRIPT = [
  // The shipped file ends within its last line: what is added would become a part of that.
  'echo >> conf/standalone.conf',
  // The image's own way: values of the environment go into the file.
  'bin/apply-config-from-env.py conf/standalone.conf',
  'exec bin/pulsar standalone --no-functions-worker --no-stream-storage --advertised-address 127.0.0.1',
].join(' && ')

/** Starts one standalone from upstream's image, published on loopback; resolves once a message was produced and read. */
export function pulsarInContainer(
  engine: ContainerEngine,
  plan: StandalonePlan,
  options: LocalBrokerOptions,
  signal: AbortSignal,
): Promise<LocalBroker> {
  const { topology, profile } = options
  const shown = shownSettings(profile, topology, pulsarExtraSchema.parse({}), PULSAR_VERSION)
  return startContainerBroker(
    engine,
    {
      name: 'pulsar',
      nodeName: plan.name,
      topology,
      port: plan.port,
      container: {
        image: PULSAR_IMAGE,
        // The same ports on both sides: clients come back to the advertised address, and so does the broker itself.
        ports: { [plan.port]: plan.port, [plan.webPort]: plan.webPort },
        env: containerEnvironment(plan, profile),
        args: ['sh', '-c', SCRIPT],
        logFile: plan.logFile,
      },
      probe: (probeSignal) => isHealthy(plan.webPort, null, probeSignal),
      describe: async () => ({
        version: PULSAR_VERSION,
        settings: { ...shown, 'web service': `http://127.0.0.1:${plan.webPort}` },
      }),
    },
    signal,
  )
}

/** Settings as the image takes them: those of a native node, but for the interface; the prefix adds missing keys. */
export function containerEnvironment(plan: StandalonePlan, profile: Profile): Record<string, string> {
  const settings = {
    ...standaloneSettings(plan, profile, pulsarExtraSchema.parse({})),
    // Published ports arrive on the container's own interface.
    bindAddress: '0.0.0.0',
    listeningInterface: 'lo',
  }
  const flags = memoryFlags(profile, 'standalone')
  return {
    PULSAR_MEM: flags.filter((flag) => /^-Xm|Direct/.test(flag)).join(' '),
    PULSAR_GC: flags.filter((flag) => !/^-Xm|Direct/.test(flag)).join(' '),
    PULSAR_LOG_LEVEL: 'warn',
    ...Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`PULSAR_PREFIX_${key}`, String(value)]),
    ),
  }
}
