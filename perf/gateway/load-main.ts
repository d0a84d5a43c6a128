/** The load as a process of its own: takes `LoadOrder` as JSON in argv, says `LoadReport` as JSON on stdout. */

import { grpcLoad } from '../../gateway/benchmark/grpc-load.ts'
import { httpLoad } from '../../gateway/benchmark/http-load.ts'
import { runLoad } from '../../gateway/benchmark/load.ts'
import { makePayload } from '../../gateway/payload/payload.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import type { LoadOrder, LoadReport } from './load-order.ts'
import { connectionsByProcess, cpuSeconds } from './proc.ts'

const order: LoadOrder = JSON.parse(process.argv[2]!)
const url = new URL(order.url)
const { body } = makePayload({ signal: 'traces', profile: 'even', records: order.spans, seed: 1 })
let cpuAtBegin = 0
let cpuAtEnd = 0
let connections: number[] = []

const result = await runLoad({
  open: order.protocol === 'http' ? httpLoad(url, body) : grpcLoad(url, 'traces', body, order.streams),
  connections: order.connections,
  rateHz: order.rateHz,
  warmUpMs: order.warmUpMs,
  warmUpRequests: order.warmUpRequests,
  durationMs: order.durationMs,
  clock: new SystemClock(),
  stop: new AbortController().signal,
  onWindow(edge) {
    if (edge === 'begin') {
      cpuAtBegin = cpuSeconds(order.pids)
      connections = connectionsByProcess(order.pids, Number(url.port))
    } else cpuAtEnd = cpuSeconds(order.pids)
  },
})
const report: LoadReport = {
  windowAccepted: result.windowAccepted,
  windowMs: result.windowMs,
  cpuSeconds: cpuAtEnd - cpuAtBegin,
  sent: result.sent,
  accepted: result.accepted,
  failures: result.failures,
  unsent: result.unsent,
  latencyP50Ms: result.latency.getValueAtPercentile(50) / 1000,
  latencyP99Ms: result.latency.getValueAtPercentile(99) / 1000,
  connectionsByProcess: connections,
}
console.log(JSON.stringify(report))
process.exit(0)
