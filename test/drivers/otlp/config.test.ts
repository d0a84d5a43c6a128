// Goal: settings are refused with what they lack, and servers are read for the client that is chosen. Method: tables.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OtlpConfig, otlpConfigSchema } from '../../../src/drivers/otlp/otlp-config.ts'
import { driverModule } from '../../../src/drivers/otlp/otlp-driver.ts'
import { endpointsOf } from '../../../src/drivers/otlp/otlp-endpoints.ts'
import { otlpEntry } from '../../../src/drivers/otlp/otlp-entry.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { readDriverFile } from '../../../src/workload/driver-file.ts'

const parse = (settings: Readonly<Record<string, unknown>>): OtlpConfig => otlpConfigSchema.parse(settings)

test('what must be masked must be sent, as a text', () => {
  for (const attributes of [{}, { tenant_id: 7 }, { tenant_id: '' }]) {
    const result = otlpConfigSchema.safeParse({ attributes, maskedAttributes: ['tenant_id'] })
    expect(result.error?.issues[0]?.path).toEqual(['maskedAttributes', 0])
  }
  expect(parse({ attributes: { a: 'x' }, maskedAttributes: ['a'] }).maskedAttributes).toEqual(['a'])
})

test('a header cannot carry a second one', () => {
  expect(otlpConfigSchema.safeParse({ headers: { authorization: 'x\r\ny: z' } }).success).toBe(false)
  expect(otlpConfigSchema.safeParse({ headers: { 'a b': 'x' } }).success).toBe(false)
})

test('what is promised follows from what the answer means', () => {
  const promise = (settings: Readonly<Record<string, unknown>>) =>
    driverModule.capabilities(parse(settings)).delivery
  expect(promise({})).toBe('best-effort')
  expect(promise({ answerMeans: 'delivered' })).toBe('at-least-once')
})

const target = (hostname: string, port: number, tls = false) => ({ hostname, port, tls })

test.each<[string, string, string[], object]>([
  ['a bare address is for any client', 'grpc', ['gw:1'], { targets: [target('gw', 1)] }],
  ['the other client is passed over', 'http', ['grpc://gw:1', 'http://gw:2'], { targets: [target('gw', 2)] }],
  ['TLS', 'grpc', ['grpcs://gw:1', 'https://gw:2'], { targets: [target('gw', 1, true)] }],
  ['an address of IPv6', 'http', ['http://[::1]:2'], { targets: [target('::1', 2)] }],
  [
    'the sink',
    'http',
    ['gw:1', 'sink+http://127.0.0.2:3', 'sink+grpc://127.0.0.2:4'],
    { sinkHttp: { hostname: '127.0.0.2', port: 3 }, sinkGrpc: { hostname: '127.0.0.2', port: 4 } },
  ],
  ['no sink', 'http', ['gw:1'], { sinkHttp: { hostname: '127.0.0.1', port: 14_328 } }],
])('servers: %s', (_, client, servers, expected) => {
  expect(endpointsOf(servers, parse({ client }))).toMatchObject(expected)
})

test.each([
  [['grpc://gw:1'], /expected a server for client http/],
  [[], /got none/],
  [['gw'], /expected host:port/],
  [['gw:0'], /expected host:port/],
  [['gw:99999'], /expected host:port/],
  [['ftp://gw:1'], /expected host:port/],
  [['http://user:secret@gw:1'], /expected host:port.*\*\*\*@gw/],
])('servers refused: %p', (servers, message) => {
  let thrown: unknown
  try {
    endpointsOf(servers, parse({ client: 'http' }))
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(AppError)
  expect((thrown as AppError).message).toMatch(message)
  expect((thrown as AppError).message).not.toContain('secret')
})

test('a driver file may name schemes that are ours, and only those', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-otlp-config-'))
  try {
    const read = async (servers: string) => {
      const file = join(folder, 'driver.yaml')
      writeFileSync(file, `driver: otlp\nservers: [${servers}]\n`)
      return (await readDriverFile(file, [otlpEntry])).servers
    }
    expect(await read('gw:1, "sink+grpc://[::1]:2"')).toEqual(['gw:1', 'sink+grpc://[::1]:2'])
    for (const refused of [
      'amqp://gw:1',
      'sinkkhttp://gw:1',
      'http://gw',
      'http://gw:70000',
      'http://u:p@gw:1',
    ])
      await expect(read(refused)).rejects.toThrow(/expected/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
