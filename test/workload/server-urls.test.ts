// Goal: addresses as people copy them from a Pulsar client's settings name the servers they mean, TLS included; what is
// none is refused at its place. Method: driver files of the real registry, read whole.
import { afterAll, expect, test } from 'bun:test'
import { DRIVERS } from '../../src/drivers/registry.ts'
import { readDriverFile } from '../../src/workload/driver-file.ts'
import { parseSideToken } from '../../src/workload/side-token.ts'
import { failureOf, testFolder } from './files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const read = (text: string, token = 'd') => {
  const { client, overrides } = parseSideToken(token, '--drivers')
  const file = folder.write('d.yaml', text)
  return readDriverFile(file, DRIVERS, { client, overrides, origin: `--drivers ${token}` })
}
const pulsar = async (servers: string, rest = '') =>
  read(`driver: pulsar\nservers: ${servers}\n${rest}`).then(({ servers: named, config }) => ({
    named,
    tls: (config as { tls?: object }).tls,
  }))
const problem = async (text: string) =>
  (await failureOf(read(text))).message.replaceAll(`${folder.path}/`, '')

test('one host and several, ports given and left out, beside plain ones', async () => {
  expect(await pulsar('[pulsar://a:7000]')).toEqual({ named: ['a:7000'], tls: undefined })
  expect(await pulsar('["pulsar://a,b:7000,[::1]:1/", "c:2"]')).toEqual({
    named: ['a:6650', 'b:7000', '[::1]:1', 'c:2'],
    tls: undefined,
  })
})

test('pulsar+ssl turns TLS on, and leaves its settings as they are', async () => {
  expect(await pulsar('["pulsar+ssl://a,b:7000"]')).toEqual({
    named: ['a:6651', 'b:7000'],
    tls: { rejectUnauthorized: true },
  })
  const { tls } = await pulsar('["pulsar+ssl://a"]', 'tls: {caFile: /ca.pem, rejectUnauthorized: false}\n')
  expect(tls).toEqual({ caFile: '/ca.pem', rejectUnauthorized: false })
})

test('on the command line too, and in a file of OMB', async () => {
  const ours = await read('driver: pulsar\n', 'd+servers="pulsar+ssl://a,b"')
  expect(ours).toMatchObject({ servers: ['a:6651', 'b:6651'], config: { tls: { rejectUnauthorized: true } } })
  const driverClass = 'io.openmessaging.benchmark.driver.pulsar.PulsarBenchmarkDriver'
  const theirs = await read(
    `driverClass: ${driverClass}\nclient: {serviceUrl: "pulsar://a"}\n`,
    'd+servers=["pulsar+ssl://c"]',
  )
  expect(theirs).toMatchObject({ servers: ['c:6651'], config: { tls: { rejectUnauthorized: true } } })
})

test('what is no address is refused at its place', async () => {
  const asked = 'expected servers[0] to be a server as host:port or pulsar://host:port, got'
  expect(await problem('driver: pulsar\nservers: ["http://a:8080"]\n')).toBe(
    `d.yaml:2:11: ${asked} "http://a:8080"`,
  )
  expect(await problem('driver: pulsar\nservers: ["pulsar://"]\n')).toContain(asked)
  expect(await problem('driver: pulsar\nservers: ["pulsar://a:1,,b"]\n')).toContain(asked)
  expect(await problem('driver: pulsar\nservers: ["pulsar://a:0"]\n')).toContain(
    'expected a port from 1 to 65535',
  )
  expect(await problem('driver: kafka\nservers: ["pulsar://a:1"]\n')).toContain(
    'to be a server as host:port, got',
  )
})
