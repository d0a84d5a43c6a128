import { processUsage } from '../../brokers/process/index.ts'
import type { ServerUsage, WireBytes } from '../../result/result.ts'
import { diskSpace } from './disk-space.ts'
import { tcpCounterReader } from './tcp-counters.ts'
import { createWireMeter, type WireMeter } from './wire-meter.ts'

/** Between samples of memory and of the connections that there are. */
const SAMPLE_EVERY_MS = 1000

export interface UsageMeterOptions {
  /** Processes of the local broker, asked anew each time; none where servers were given. */
  readonly serverPids: () => readonly number[]
  /** Null where they cannot be looked into. */
  readonly dataFolders: readonly string[] | null
}

/** What load and local broker took during measure, as seen from outside: nothing of it runs in a worker. */
export interface UsageMeter {
  /** For `runTrial`. */
  onMeasure(edge: 'begin' | 'end', workerPids: readonly number[]): void
  /** Ends sampling, also of a trial that failed. Idempotent. */
  stop(): void
  /** Null for what was not measured: no local broker, no whole measure, a node that was restarted meanwhile. */
  result(): Promise<{ readonly server: ServerUsage | null; readonly clientWire: WireBytes | null }>
}

interface Edge {
  readonly pids: readonly number[]
  readonly cpuS: number | null
  readonly writtenBytes: number | null
  readonly space: Promise<number | null>
}

/** A meter for one trial; `stop` must be called, whatever became of the trial. */
export function createUsageMeter({ serverPids, dataFolders }: UsageMeterOptions): UsageMeter {
  const edges: Edge[] = []
  const wires: { client?: WireMeter; server?: WireMeter } = {}
  const readCounters = tcpCounterReader()
  let maxRssBytes = 0
  let timer: ReturnType<typeof setInterval> | undefined

  const sample = () => {
    const usages = serverPids().map(processUsage)
    maxRssBytes = Math.max(
      maxRssBytes,
      usages.reduce((sum, usage) => sum + (usage?.rssBytes ?? 0), 0),
    )
    const counters = readCounters?.() ?? null
    wires.client?.sample(counters)
    wires.server?.sample(counters)
  }
  const stop = () => clearInterval(timer)

  return {
    onMeasure(edge, workerPids) {
      if (edge === 'begin') {
        wires.client = createWireMeter(workerPids)
        wires.server = createWireMeter(serverPids())
        timer = setInterval(sample, SAMPLE_EVERY_MS)
      } else stop()
      edges.push(edgeOf(serverPids(), dataFolders))
      sample()
    },
    stop,
    async result() {
      stop()
      const clientWire = wires.client?.result() ?? null
      const [begin, end] = edges
      if (begin === undefined || end === undefined) return { server: null, clientWire }
      const wire = wires.server?.result() ?? null
      return { server: await serverUsage(begin, end, maxRssBytes, wire), clientWire }
    },
  }
}

function edgeOf(pids: readonly number[], dataFolders: readonly string[] | null): Edge {
  const usages = pids.map(processUsage)
  return {
    pids,
    cpuS: sumOf(usages.map((usage) => usage?.cpuS ?? null)),
    writtenBytes: sumOf(usages.map((usage) => usage?.writtenBytes ?? null)),
    space: dataFolders === null ? Promise.resolve(null) : diskSpace(dataFolders),
  }
}

async function serverUsage(
  begin: Edge,
  end: Edge,
  maxRssBytes: number,
  wire: WireBytes | null,
): Promise<ServerUsage | null> {
  const cpuS = difference(begin.cpuS, end.cpuS)
  const isSame = begin.pids.join() === end.pids.join()
  if (begin.pids.length === 0 || !isSame || cpuS === null) return null
  const written = difference(begin.writtenBytes, end.writtenBytes)
  const growth = difference(await begin.space, await end.space)
  return {
    cpuS,
    maxRssBytes,
    ...(wire === null ? {} : { wire }),
    ...(written === null ? {} : { diskWrittenBytes: written }),
    ...(growth === null ? {} : { diskGrowthBytes: growth }),
  }
}

/** A sum over a gap would pass for the whole, so it is null. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0)
}

function difference(begin: number | null, end: number | null): number | null {
  return begin === null || end === null ? null : end - begin
}
