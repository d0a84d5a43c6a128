import { join } from 'node:path'
import { pollUntil } from '../../../support/poll.ts'

const MAIN = join(import.meta.dir, '../../../../gateway/main.ts')
const PATIENCE_MS = 30_000

/** A gateway as a process of its own. */
export interface GatewayProcess {
  readonly pid: number
  readonly httpPort: number
  readonly grpcPort: number
  /** The sum of a metric over the series whose text holds `part`. */
  metric(name: string, part?: string): Promise<number>
  /** An orderly end; the exit status. */
  stop(): Promise<number>
}

interface Ports {
  readonly httpPort: number
  readonly grpcPort: number
  readonly metricsPort: number
}

/** Ports are free ones; `environment` says the rest. What it logs is shown when it fails to start. */
export async function startGatewayProcess(
  environment: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const child = Bun.spawn([process.execPath, '--no-env-file', MAIN], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      GATEWAY_HTTP_PORT: '0',
      GATEWAY_GRPC_PORT: '0',
      GATEWAY_METRICS_HTTP_PORT: '0',
      ...environment,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let log = ''
  const read = (async () => {
    for await (const chunk of child.stderr) log = (log + Buffer.from(chunk).toString()).slice(-4000)
  })()
  const ports = await readPorts(child.stdout, () => log)
  const scrape = async () => (await fetch(`http://127.0.0.1:${ports.metricsPort}/metrics`)).text()
  return {
    pid: child.pid,
    ...ports,
    async metric(name, part = '') {
      const lines = (await scrape()).split('\n').filter((line) => /^[^{ ]+/.exec(line)?.[0] === name)
      return lines
        .filter((line) => line.includes(part))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    },
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      const code = await child.exited
      clearTimeout(late)
      await read
      return code
    },
  }
}

async function readPorts(stdout: ReadableStream<Uint8Array>, log: () => string): Promise<Ports> {
  let text = ''
  for await (const chunk of stdout) {
    text += Buffer.from(chunk).toString()
    if (text.includes('\n')) return JSON.parse(text.slice(0, text.indexOf('\n'))) as Ports
  }
  throw new Error(`expected the gateway to listen, it ended: ${log()}`)
}

/** Everything received was exported or dropped, nothing is inside, and every buffer was given back. */
export async function pollUntilSettled(gateway: GatewayProcess): Promise<void> {
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
