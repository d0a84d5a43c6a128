// Question: do the real OpenTelemetry tools — SDKs for JavaScript and Python, telemetrygen, the Collector as sender and as
// upstream — work with the gateway over HTTP and gRPC, with every record accounted for and masked?
// Usage: ./bench --script perf/proof-gateway-interop.ts. Brings what is missing (Python packages; telemetrygen and the
// collector, built with Go: some minutes, once). Status 1 when a test fails or could not be run.
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJunit } from '../test/support/junit.ts'
import { collectorProgram } from './gateway/collector.ts'

const ROOT = join(import.meta.dir, '..')
const TEST_LIMIT_MS = 300_000

const collector = await collectorProgram()
const report = join(tmpdir(), `bench-interop-${process.pid}.xml`)
const options = [`--timeout=${TEST_LIMIT_MS}`, '--reporter=junit', `--reporter-outfile=${report}`]
const child = Bun.spawn([process.execPath, 'test', ...options, 'broker/gateway/interop-'], {
  cwd: ROOT,
  env: { ...process.env, OTELCOL: collector },
  stdio: ['ignore', 'inherit', 'inherit'],
})
const code = await child.exited
const counts = parseJunit(readFileSync(report, 'utf8'))
rmSync(report)
console.log(JSON.stringify({ collector, ...counts }))
process.exitCode = code === 0 && counts.failed === 0 && counts.skipped.length === 0 ? 0 : 1
