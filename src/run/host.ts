import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Host } from '../result/result.ts'

/** What this machine is, for the result. */
export function describeHost(): Host {
  const processors = cpus()
  return {
    os: `${type()} ${arch()}`,
    kernel: release(),
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    memoryBytes: totalmem(),
    bun: Bun.version,
    loadAverage: loadavg()[0] ?? 0,
  }
}
