import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker, Topology } from '../../../src/brokers/broker.ts'
import { pulsarProvider } from '../../../src/brokers/pulsar/pulsar-provider.ts'

/** Time to bring Pulsar on an empty cache and start it, for `beforeAll`. */
export const UP_LIMIT_MS = 400_000

export interface LocalPulsar {
  readonly broker: LocalBroker
  readonly directory: string
  /** Takes it down and removes its folder. Idempotent. */
  down(): Promise<void>
}

/** A real Pulsar of the small kind in a folder of its own. */
export async function localPulsar(
  topology: Topology,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<LocalPulsar> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-pulsar-test-'))
  const options = { topology, profile: 'quick' as const, directory, extra, log: () => {} }
  try {
    const broker = await pulsarProvider.up(options, AbortSignal.timeout(UP_LIMIT_MS - 10_000))
    return {
      broker,
      directory,
      async down() {
        await broker.down()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}
