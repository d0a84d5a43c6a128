import { pollUntil } from '../../../support/poll.ts'
import { type RunningGateway, startGatewayProcess } from '../running-gateway.ts'

const PATIENCE_MS = 30_000

export interface Gateway extends Omit<RunningGateway, 'metric'> {
  /** The sum of a metric over the series whose text holds `part`. */
  metric(name: string, part?: string): Promise<number>
  /** An orderly end; the exit status. */
  stop(): Promise<number>
}

/** A gateway process whose metrics can be summed. */
export async function startGateway(environment: Record<string, string>): Promise<Gateway> {
  const running = await startGatewayProcess(environment)
  const scrape = async () => (await fetch(`http://127.0.0.1:${running.metricsPort}/metrics`)).text()
  return {
    ...running,
    async metric(name, part = '') {
      const lines = (await scrape()).split('\n').filter((line) => /^[^{ ]+/.exec(line)?.[0] === name)
      return lines
        .filter((line) => line.includes(part))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    },
    async stop() {
      running.kill('SIGTERM')
      const late = setTimeout(() => running.kill('SIGKILL'), PATIENCE_MS)
      const code = await running.exited
      clearTimeout(late)
      return code
    },
  }
}

/** Everything received was exported or dropped, nothing is inside, and every buffer was given back. */
export async function pollUntilSettled(gateway: Gateway): Promise<void> {
  const packets = (status: string) => gateway.metric('gateway_packets_processed_total', `status="${status}"`)
  await pollUntil('the counters of the gateway to add up', PATIENCE_MS, async () => {
    const [received, exported, dropped, empty] = await Promise.all(
      ['received', 'exported', 'dropped', 'empty'].map(packets),
    )
    const [allocated, released] = await Promise.all([
      gateway.metric('gateway_buffers_allocated_total'),
      gateway.metric('gateway_buffers_released_total'),
    ])
    return received === exported! + dropped! + empty! && allocated === released
  })
}
