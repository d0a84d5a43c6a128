// Goal: the gateway starts, shares its ports between processes, survives the death of one, ends in order, and refuses what
// it cannot be. Method: real processes on loopback with a counting upstream; signals as a service manager sends them.
import { afterEach, expect, test } from 'bun:test'
import { makePayload } from '../../../gateway/payload/payload.ts'
import { spawnGateway, startGatewayProcess, stopGateways, until } from './running-gateway.ts'

const RULE =
  'mask-tenant|TRACES|REDACT_MASK|scopeSpans[*].spans[*].attributes.tenant_id|##########|11|skip|true'
const PAYLOAD = makePayload({ signal: 'traces', profile: 'even', records: 100, seed: 1 }).body

const servers: { stop(closeActive: boolean): unknown }[] = []
afterEach(async () => {
  await stopGateways()
  for (const server of servers.splice(0)) await server.stop(true)
})

/** An upstream that counts; `status` is what it answers. */
function upstream() {
  const seen = { requests: 0, bytes: 0, unmasked: 0, status: 200 }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const body = Buffer.from(await request.arrayBuffer())
      if (seen.status === 200) {
        seen.requests++
        seen.bytes += body.length
        if (body.includes('tenant-0')) seen.unmasked++
      }
      return new Response(null, { status: seen.status })
    },
  })
  servers.push(server)
  const url = `http://127.0.0.1:${server.port}`
  const environment = {
    OTLP_UPSTREAM_TRACES_URL: url,
    OTLP_UPSTREAM_METRICS_URL: url,
    OTLP_UPSTREAM_LOGS_URL: url,
    GATEWAY_MASKING_RULES: RULE,
    GATEWAY_EXPORT_BATCH_REQUESTS: '1',
  }
  return { seen, environment }
}

const post = (port: number, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(PAYLOAD),
    ...init,
  })

const RECEIVED = 'gateway_packets_processed_total{signal="traces",status="received"}'
const EXPORTED = 'gateway_packets_processed_total{signal="traces",status="exported"}'

test('one process: what comes in goes out masked, and the books balance', async () => {
  const { seen, environment } = upstream()
  const gateway = await startGatewayProcess(environment)
  for (let i = 0; i < 20; i++) expect((await post(gateway.httpPort)).status).toBe(200)
  await until('all to be exported', () => seen.requests === 20)
  await until('it to be counted', async () => (await gateway.metric(EXPORTED)) === 20)
  expect(seen.unmasked).toBe(0)
  expect(await gateway.metric(RECEIVED)).toBe(20)
  expect(await gateway.metric('gateway_buffers_allocated_total')).toBe(20)
  expect(await gateway.metric('gateway_buffers_released_total')).toBe(20)
  expect(gateway.log()).not.toContain('tenant')
})

test('several processes take connections, are counted as one, and a dead one is replaced', async () => {
  const { seen, environment } = upstream()
  const gateway = await startGatewayProcess({ ...environment, GATEWAY_PROCESSES: '2' })
  expect(await gateway.metric('gateway_processes')).toBe(2)
  const closing = { headers: { 'content-type': 'application/x-protobuf', connection: 'close' } }
  for (let i = 0; i < 40; i++) expect((await post(gateway.httpPort, closing)).status).toBe(200)
  await until('all to be exported', () => seen.requests === 40)
  expect(await gateway.metric(RECEIVED)).toBe(40)

  const children = (await Bun.$`ps -o pid= --ppid ${gateway.pid}`.text()).trim().split(/\s+/).map(Number)
  expect(children).toHaveLength(2)
  process.kill(children[0]!, 'SIGKILL')
  await until('its death to be noticed', () => gateway.log().includes('process died'))
  await until('another to stand in', async () => (await gateway.metric('gateway_processes')) === 2)
  expect((await post(gateway.httpPort, closing)).status).toBe(200)

  gateway.kill('SIGTERM')
  expect(await gateway.exited).toBe(0)
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow()
})

test('SIGTERM: what is queued still goes out', async () => {
  const { seen, environment } = upstream()
  seen.status = 503
  const gateway = await startGatewayProcess({ ...environment, GATEWAY_RETRY_MAX_DELAY_MS: '100' })
  for (let i = 0; i < 30; i++) expect((await post(gateway.httpPort)).status).toBe(200)
  gateway.kill('SIGTERM')
  await until('it to stop', () => gateway.log().includes('"stopping"'))
  seen.status = 200
  expect(await gateway.exited).toBe(0)
  expect(seen.requests).toBe(30)
})

test.each([
  ['a rule', { GATEWAY_MASKING_RULES: 'x|TRACES|SMASH|resource.attributes.a||1|skip|true' }, 3, /column/],
  ['a setting', { GATEWAY_SLAB_REGIONS: '3' }, 3, /GATEWAY_SLAB_REGIONS: expected a power of two, got 3/],
  [
    'a rule that changes lengths',
    { GATEWAY_MASKING_RULES: RULE, GATEWAY_ENABLE_REFRAME: 'false' },
    3,
    /length/,
  ],
] as const)('%s that cannot be used stops the start', async (_name, environment, code, message) => {
  const child = spawnGateway([], {
    GATEWAY_HTTP_PORT: '0',
    GATEWAY_GRPC_PORT: '0',
    GATEWAY_METRICS_HTTP_PORT: '0',
    ...environment,
  })
  const text = await new Response(child.stderr).text()
  expect(await child.exited).toBe(code)
  expect(text).toMatch(message)
})

test.each(['1', '2'])('a port that is taken stops the start, with %s processes', async (processes) => {
  const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
  servers.push(taken)
  const child = spawnGateway([], {
    GATEWAY_HTTP_PORT: String(taken.port),
    GATEWAY_GRPC_PORT: '0',
    GATEWAY_METRICS_HTTP_PORT: '0',
    GATEWAY_PROCESSES: processes,
  })
  const text = await new Response(child.stderr).text()
  expect(await child.exited).toBe(4)
  expect(text).toContain(`expected to listen on 127.0.0.1:${taken.port}`)
})

test('--print-config prints an environment file that says the same when it is read back', async () => {
  const child = spawnGateway(['--print-config', '--json'], {
    GATEWAY_QUEUE_SHARDS: '8',
    OTLP_UPSTREAM_HEADERS: 'authorization=hunter2',
  })
  const text = await new Response(child.stdout).text()
  expect(await child.exited).toBe(0)
  expect(text).not.toContain('hunter2')
  const shards = (JSON.parse(text) as { name: string }[]).find((each) => each.name === 'GATEWAY_QUEUE_SHARDS')
  expect(shards).toMatchObject({ value: '8', source: 'environment' })
})
