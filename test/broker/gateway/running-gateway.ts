import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '..', '..', '..')
const START_LIMIT_MS = 30_000

/** A gateway process (or a group of them) as a user would start it. */
export interface RunningGateway {
  readonly pid: number
  readonly httpPort: number
  readonly grpcPort: number
  readonly metricsPort: number
  /** Everything it wrote to stderr so far. */
  log(): string
  /** Value of a series, e.g. `gateway_queue_depth`; labels in the order they are printed. 0 when it is not there. */
  metric(series: string): Promise<number>
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<number>
}

const running: Bun.Subprocess[] = []

/** Starts `gateway/main.ts` on free ports; `environment` over that. Ended by `stopGateways`. */
export async function startGatewayProcess(environment: Record<string, string>): Promise<RunningGateway> {
  const child = spawnGateway([], {
    GATEWAY_HTTP_PORT: '0',
    GATEWAY_GRPC_PORT: '0',
    GATEWAY_METRICS_HTTP_PORT: '0',
    ...environment,
  })
  running.push(child)
  let log = ''
  void (async () => {
    for await (const chunk of child.stderr) log += Buffer.from(chunk).toString()
  })()
  const line = await Promise.race([firstLine(child.stdout), Bun.sleep(START_LIMIT_MS).then(() => null)])
  if (line === null) throw new Error(`the gateway did not start: ${log}`)
  const ports = JSON.parse(line) as { httpPort: number; grpcPort: number; metricsPort: number }
  return {
    pid: child.pid,
    ...ports,
    log: () => log,
    async metric(series) {
      const text = await (await fetch(`http://127.0.0.1:${ports.metricsPort}/metrics`)).text()
      const found = text.split('\n').find((each) => each.startsWith(`${series} `))
      return found === undefined ? 0 : Number(found.slice(series.length + 1))
    },
    kill: (signal) => child.kill(signal),
    exited: child.exited,
  }
}

export function spawnGateway(args: readonly string[], environment: Record<string, string>) {
  return Bun.spawn([process.execPath, join(ROOT, 'gateway', 'main.ts'), ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** For `afterEach`. */
export async function stopGateways(): Promise<void> {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL')
    await child.exited
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | null> {
  let text = ''
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString()
    const end = text.indexOf('\n')
    if (end >= 0) return text.slice(0, end)
  }
  return null
}

/** Polls until `condition` holds; the limit is a deadline, not a measurement. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(20)
  }
}
