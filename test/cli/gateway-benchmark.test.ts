// Goal: `bench gateway benchmark` says what it found and ends with the promised code. Method: the real command in a child
// process against a server that answers 200 and shows metrics that never move, so that the verdict must be a miss.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { mergeSnapshots } from '../../gateway/telemetry/merge.ts'
import { createMeter } from '../../gateway/telemetry/meter.ts'
import { toPrometheusText } from '../../gateway/telemetry/prometheus.ts'

const METRICS = toPrometheusText(mergeSnapshots([createMeter().snapshot()]))
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) => new Response(request.method === 'GET' ? METRICS : null),
})
afterAll(() => server.stop(true))

const TARGET = [
  ...['--url', `http://127.0.0.1:${server.port}/v1/traces`],
  ...['--metrics-url', `http://127.0.0.1:${server.port}/metrics`],
  ...['--rate', '50', '--duration', '1', '--spans', '2'],
]

async function benchmark(...args: string[]) {
  const main = join(import.meta.dir, '..', '..', 'src', 'cli', 'main.ts')
  const command = [process.execPath, main, 'gateway', 'benchmark', ...args]
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { stdout, stderr, code }
}

test('a gateway whose metrics show no request is not accepted: exit code 5', async () => {
  const { stdout, code } = await benchmark(...TARGET)
  expect(code).toBe(5)
  expect(stdout).toContain('MISSED  server-side p99')
  expect(stdout).toEndWith('not accepted\n')
})

test('--json has everything', async () => {
  const { stdout, code } = await benchmark(...TARGET, '--json')
  expect(code).toBe(5)
  expect(JSON.parse(stdout)).toMatchObject({
    engine: 'bench',
    rateHz: 50,
    durationMs: 1000,
    payload: { spans: 2 },
    load: { scheduled: 50, failures: {} },
    server: { count: 0 },
    isAccepted: false,
  })
})

test.each([
  [['--rate', '0'], 2, 'expected --rate to be a whole number from 1'],
  [['--engine', 'wrk'], 2, 'expected --engine to be one of bench, hey'],
  [['--url', 'localhost:4318'], 2, 'expected --url to be a URL with http:// or grpc://'],
  [['--engine', 'hey', '--url', 'grpc://127.0.0.1:4317'], 2, 'expected --url to be a URL with http://'],
  [['--metrics-url', `http://127.0.0.1:${server.port}0/`], 2, 'expected --metrics-url'],
  [['--metrics-url', 'http://127.0.0.1:1/metrics'], 4, 'expected metrics at http://127.0.0.1:1/metrics'],
  [['--colour'], 2, 'hint: bench gateway benchmark --help'],
] as const)('%j is refused', async (args, code, message) => {
  const result = await benchmark(...args)
  expect(result.stderr).toContain(message)
  expect(result.code).toBe(code)
})
