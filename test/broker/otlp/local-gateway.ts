import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalBroker, Topology } from '../../../src/brokers/broker.ts'
import { otlpProvider } from '../../../src/brokers/otlp/otlp-provider.ts'
import type { OtlpExtra } from '../../../src/brokers/otlp/otlp-settings.ts'

export const UP_LIMIT_MS = 60_000

export interface LocalGateway {
  readonly broker: LocalBroker
  /** The value of a metric, summed over its labels. */
  metric(name: string): Promise<number>
  down(): Promise<void>
}

/** A real gateway, in a folder of its own. */
export async function localGateway(
  extra: OtlpExtra = {},
  topology: Topology = 'single',
): Promise<LocalGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-otlp-test-'))
  const options = { topology, profile: 'quick', directory, extra: { ...extra }, log() {} } as const
  const remove = () => rmSync(directory, { recursive: true, force: true })
  try {
    const broker = await otlpProvider.up(options, AbortSignal.timeout(UP_LIMIT_MS))
    return {
      broker,
      async metric(name) {
        const port = broker.settings.GATEWAY_METRICS_HTTP_PORT
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
        const lines = text
          .split('\n')
          .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
      },
      async down() {
        await broker.down()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
