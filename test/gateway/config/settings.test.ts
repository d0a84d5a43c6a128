// Goal: the settings are what the environment says, everything wrong is told at once and by name, and secrets are not
// printed. Method: environments as tables; the shipped profile is read as it stands.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { printedVariables, toEnvironmentFile } from '../../../gateway/config/print.ts'
import { readSettings } from '../../../gateway/config/settings.ts'

test('nothing set: no rules, 256 MiB in 8 regions, loopback, marks from the capacity', () => {
  const { values, waterMarks } = readSettings({})
  expect(values.GATEWAY_MASKING_RULES).toBe('')
  expect([values.GATEWAY_SLAB_SIZE_BYTES, values.GATEWAY_SLAB_REGIONS]).toEqual([268_435_456, 8])
  expect([values.GATEWAY_BIND_ADDRESS, values.GATEWAY_HTTP_PORT, values.GATEWAY_GRPC_PORT]).toEqual([
    '127.0.0.1',
    4318,
    4317,
  ])
  expect(waterMarks).toEqual({ low: 32_768, high: 49_152, critical: 58_982 })
})

test('the shipped profile loads, with its four rules as they are', () => {
  const file = readFileSync(new URL('../../../gateway/profiles/bench.env', import.meta.url), 'utf8')
  const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const environment = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const { values } = readSettings(environment)
  expect(values.GATEWAY_MASKING_RULES.split(';')).toHaveLength(4)
  expect(values.GATEWAY_QUEUE_SHARDS).toBe(16)
})

test.each([
  [{ GATEWAY_SLAB_REGIONS: '6' }, 'GATEWAY_SLAB_REGIONS: expected a power of two, got 6'],
  [{ GATEWAY_HTTP_PORT: '70000' }, 'GATEWAY_HTTP_PORT: expected a whole number from 0 to 65535, got "70000"'],
  [{ GATEWAY_QUEUE_ENABLED: 'maybe' }, 'GATEWAY_QUEUE_ENABLED: expected true or false, got "maybe"'],
  [
    { GATEWAY_QUEU_SHARDS: '1' },
    'GATEWAY_QUEU_SHARDS: expected a variable of the gateway, got one it does not know',
  ],
  [
    { GATEWAY_BACKPRESSURE_LOW: '60000' },
    'GATEWAY_BACKPRESSURE_LOW ≤ _HIGH ≤ _CRITICAL ≤ GATEWAY_QUEUE_CAPACITY expected',
  ],
  [
    { OTLP_UPSTREAM_LOGS_URL: 'ftp://x' },
    'OTLP_UPSTREAM_LOGS_URL: expected a URL with http, https, grpc or grpcs',
  ],
  [{ GATEWAY_MAX_BODY_BYTES: '67108864' }, 'GATEWAY_MAX_BODY_BYTES: expected at most a region of the slab'],
  [
    { OTLP_UPSTREAM_HEADERS: 'hunter2' },
    'OTLP_UPSTREAM_HEADERS: expected name=value pairs separated by commas, got something else',
  ],
])('%j is refused', (environment, message) => {
  expect(() => readSettings(environment)).toThrow(message)
})

test('all problems are told at once', () => {
  expect(() => readSettings({ GATEWAY_HTTP_PORT: 'x', GATEWAY_GRPC_PORT: 'y' })).toThrow(
    /HTTP_PORT[\s\S]*GRPC_PORT/,
  )
})

test('printing shows where each value comes from and never a secret', () => {
  const variables = printedVariables({
    OTLP_UPSTREAM_HEADERS: 'authorization=hunter2',
    GATEWAY_HTTP_PORT: '5000',
  })
  const text = toEnvironmentFile(variables)
  expect(text).not.toContain('hunter2')
  expect(text).toContain('OTLP_UPSTREAM_HEADERS=(set)')
  expect(text).toContain('# OTLP/HTTP; 0 takes a free one\nGATEWAY_HTTP_PORT=5000\n')
  expect(text).toContain('[default]\nGATEWAY_GRPC_PORT=4317\n')
})
