import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { pollUntil } from '../../../support/poll.ts'

const PATIENCE_MS = 60_000

export interface Ports {
  readonly httpPort: number
  readonly grpcPort: number
}

export interface Collector extends Ports {
  /** Sends what it still holds; the exit status. */
  stop(): Promise<number>
}

/** An OpenTelemetry Collector that takes everything over HTTP and gRPC and passes all of it to `to`. */
export async function startCollector(
  program: string,
  to: Ports,
  protocol: 'http' | 'grpc',
  compression: 'none' | 'gzip',
): Promise<Collector> {
  const ports = { httpPort: freePort(), grpcPort: freePort() }
  const folder = mkdtempSync(join(tmpdir(), 'bench-otelcol-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, stringify(configOf(ports, to, protocol, compression)))
  const child = Bun.spawn([program, '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const log = new Response(child.stderr).text()
  const stop = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    const code = await child.exited
    clearTimeout(late)
    rmSync(folder, { recursive: true, force: true })
    return code
  }
  try {
    for (const port of Object.values(ports)) {
      await pollUntil(`the collector on port ${port}`, PATIENCE_MS, async () => {
        if (child.exitCode !== null) throw new Error(`the collector ended: ${(await log).slice(-2000)}`)
        return listens(port)
      })
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { ...ports, stop }
}

function configOf(at: Ports, to: Ports, protocol: 'http' | 'grpc', compression: 'none' | 'gzip'): object {
  const exporter = protocol === 'http' ? 'otlp_http' : 'otlp_grpc'
  const endpoint = protocol === 'http' ? `http://127.0.0.1:${to.httpPort}` : `127.0.0.1:${to.grpcPort}`
  const pipeline = { receivers: ['otlp'], exporters: [exporter] }
  return {
    receivers: {
      otlp: {
        protocols: {
          http: { endpoint: `127.0.0.1:${at.httpPort}` },
          grpc: { endpoint: `127.0.0.1:${at.grpcPort}` },
        },
      },
    },
    exporters: { [exporter]: { endpoint, compression, tls: { insecure: true } } },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  listener.stop(true)
  return listener.port
}

async function listens(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}
