import type { Meter } from '../contracts.ts'

/** What a process costs, so that requests per CPU-second can be read off two scrapes. */
export function watchProcess(meter: Meter): void {
  meter.gauge('gateway_processes', 'Processes that answer', 'sum', () => 1)
  meter.gauge('gateway_cpu_seconds_total', 'CPU time used, user and system', 'sum', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  meter.gauge('gateway_resident_memory_bytes', 'Resident memory of all processes', 'sum', () =>
    process.memoryUsage.rss(),
  )
  meter.gauge('gateway_resident_memory_max_bytes', 'Resident memory of the largest process', 'max', () =>
    process.memoryUsage.rss(),
  )
}
