// Goal: driver files of both dialects yield the driver's own settings, or every problem at its place, and never show a
// secret. Method: files for a small test driver whose schema has the shapes of the real ones.
import { afterAll, describe, expect, test } from 'bun:test'
import { readDriverFile } from '../../src/workload/driver-file.ts'
import { parseSideToken } from '../../src/workload/side-token.ts'
import { failureOf, testFolder } from './files.ts'
import { testRegistry } from './test-entry.ts'

const folder = testFolder()
afterAll(() => folder.remove())

/** Reads a driver file with the client and overrides of a token. */
const read = (text: string, token = 'd', lenient = false) => {
  const { client, overrides } = parseSideToken(token, '--drivers')
  const file = folder.write('d.yaml', text)
  return readDriverFile(file, testRegistry, { client, overrides, lenient, origin: `--drivers ${token}` })
}
const problems = async (text: string, token?: string, lenient?: boolean) =>
  (await failureOf(read(text, token, lenient))).message.replaceAll(`${folder.path}/`, '').split('\n')

describe('our driver files', () => {
  test("the driver's own fields with its defaults, servers apart", async () => {
    const file = await read('name: Demo\ndriver: demo\nservers: [a:1, "[::1]:2"]\nlingerMs: 5\n')
    expect(file).toMatchObject({
      entry: { name: 'demo' },
      servers: ['a:1', '[::1]:2'],
      config: { client: 'plain', acks: 'all', lingerMs: 5 },
      settings: { driver: 'demo', servers: ['a:1', '[::1]:2'], acks: 'all', lingerMs: 5 },
      ignored: [],
    })
    expect((await read('driver: demo\n')).servers).toBeNull()
  })

  test('all problems at once, of common and own fields', async () => {
    expect(
      await problems(`driver: demo
servers: [here]
acks: 2
lingermS: 5
lingerMs: "5"
sasl: {username: u, passwort: p}
server: x
`),
    ).toEqual([
      'd.yaml:2:11: expected servers[0] to be a server as host:port, got "here"',
      'd.yaml:3:7: expected acks to be all or 0 or 1, got 2 (What counts as written)',
      'd.yaml:4:1: expected a known key, got "lingermS" (did you mean lingerMs?)',
      'd.yaml:5:11: expected lingerMs to be a whole number from 0 to 1000, got "5" (How long a batch waits)',
      expect.stringMatching(
        /^d\.yaml:6:7: expected sasl\.password to be a text that is not empty, got nothing/,
      ),
      'd.yaml:6:21: expected a known key, got "passwort" (did you mean password?)',
      'd.yaml:7:1: expected a known key, got "server" (did you mean servers?)',
    ])
  })

  test('servers without a real port', async () => {
    expect(await problems('driver: demo\nservers: ["a:0", "a:65536", "a:1"]\n')).toEqual([
      'd.yaml:2:11: servers[0]: expected a port from 1 to 65535, got "a:0"',
      'd.yaml:2:18: servers[1]: expected a port from 1 to 65535, got "a:65536"',
    ])
  })

  test('a rule over several fields', async () => {
    expect(await problems('driver: demo\nacks: 0\nlingerMs: 7\n')).toEqual([
      'd.yaml:3:11: lingerMs: expected 0 with acks: 0, got 7',
    ])
  })

  test('the driver: unknown, missing, given twice', async () => {
    expect(await problems('driver: demmo\n')).toEqual([
      'd.yaml:1:9: expected driver of a supported system, got "demmo" (did you mean demo?)',
    ])
    expect((await problems('name: x\n'))[0]).toMatch(/^d\.yaml:1:1: expected driver .*got neither/)
    expect((await problems('driver:\n'))[0]).toMatch(/expected driver of a supported system, got nothing/)
    expect((await problems('driver: demo\ndriverClass: x.Y\n'))[0]).toMatch(/^d\.yaml:1:1: .*got both/)
  })

  test('lenient passes over unknown keys and words, and lists them', async () => {
    const text = 'driver: demo\nnew: 1\ncompression: br\n'
    expect(await problems(text)).toHaveLength(2)
    const { ignored, config } = await read(text, 'd', true)
    expect(config).toMatchObject({ compression: 'none' })
    expect(ignored.join()).toContain('unknown key new')
    expect(ignored.join()).toContain('unknown value "br" of compression')
  })
})

describe('client and overrides', () => {
  test('replace settings, nested ones and those of open maps too', async () => {
    const { config, servers } = await read(
      'driver: demo\nservers: [a:1]\nlingerMs: 5\nsasl: {username: u, password: p}\n',
      'd:other+lingerMs=9+servers=b:2+sasl.password=0123+topicConfig.min.insync.replicas=2',
    )
    expect(config).toMatchObject({
      client: 'other',
      lingerMs: 9,
      sasl: { username: 'u', password: '0123' },
      topicConfig: { 'min.insync.replicas': '2' },
    })
    expect(servers).toEqual(['b:2'])
  })

  test('flow collections and quoted values', async () => {
    const { config, servers } = await read(
      'driver: demo\n',
      `d+servers=[a:1,b:2]+topicConfig={x: "1"}+sasl={username: u, password: 'a+b=,c'}`,
    )
    expect(servers).toEqual(['a:1', 'b:2'])
    expect(config).toMatchObject({ topicConfig: { x: '1' }, sasl: { password: 'a+b=,c' } })
  })

  test('problems name the token, not the file', async () => {
    expect(await problems('driver: demo\n', 'd+lingerMs=often')).toEqual([
      '--drivers d+lingerMs=often: expected lingerMs to be a whole number from 0 to 1000, got "often" (How long a batch waits)',
    ])
    expect((await problems('driver: demo\n', 'd+linger=1'))[0]).toMatch(
      /^--drivers d\+linger=1: expected a known key, got "linger"/,
    )
    expect((await problems('driver: demo\n', 'd+sasl.username=u'))[0]).toMatch(/^--drivers .*sasl\.password/)
    expect((await problems('driver: demo\n', 'd+driver=x'))[0]).toMatch(/^--drivers .*got driver/)
    expect((await problems('driver: demo\n', 'd+__proto__.x=1'))[0]).toMatch(/^--drivers .*got "__proto__"/)
    expect((await problems('driver: demo\n', 'd:third'))[0]).toBe(
      '--drivers d:third: expected a client of demo, got "third" (known: plain, other)',
    )
  })
})

describe("OMB's driver files", () => {
  const OMB = `name: Demo
driverClass: io.openmessaging.benchmark.driver.demo.DemoBenchmarkDriver
partitioner: x
producerConfig: |
  bootstrap.servers=a:1,b:2
  linger.ms=7
  sasl.jaas.config=Login required username="u" \\
    password="geheim";
uri: amqp://user:geheim@host:1
`
  test('are translated by the driver; what has no meaning is named', async () => {
    const { config, servers, ignored, settings } = await read(OMB)
    expect(config).toMatchObject({ lingerMs: 7, acks: 'all' })
    expect(servers).toEqual(['a:1', 'b:2'])
    expect(ignored).toEqual(['partitioner: has no counterpart here', 'uri: has no counterpart here'])
    expect(settings).toMatchObject({
      driver: 'demo',
      lingerMs: 7,
      omb: { name: 'Demo', uri: 'amqp://user:***@host:1' },
    })
    expect(JSON.stringify(settings)).not.toContain('geheim')
  })

  test('take overrides in our words', async () => {
    const { config, servers } = await read(OMB, 'd:other+lingerMs=8+servers=c:3')
    expect([config, servers]).toMatchObject([{ lingerMs: 8, client: 'other' }, ['c:3']])
  })

  test('a translated value that is wrong', async () => {
    expect((await problems(OMB.replace('linger.ms=7', 'linger.ms=-7')))[0]).toMatch(
      /^d\.yaml:1:1: expected lingerMs to be a whole number from 0 to 1000, got -7/,
    )
    expect((await problems(`${OMB}compression: br\n`))[0]).toMatch(
      /^d\.yaml:10:14: expected compression to be one of none, gzip/,
    )
    expect((await problems(OMB.replace('linger.ms=7', 'x=\\u12')))[0]).toMatch(
      /^d\.yaml:1:1: properties text, line 2/,
    )
  })

  test('of a system that is not supported', async () => {
    const ofClass = (name: string) => `name: x\ndriverClass: io.openmessaging.benchmark.driver.${name}\n`
    expect(await problems(ofClass('jms.JMSBenchmarkDriver'))).toEqual([
      expect.stringMatching(
        /^d\.yaml:2:14: expected driverClass of a supported system, got ".*JMSBench.*\(supported: demo, remote\)$/,
      ),
    ])
    expect((await problems('name: x\ndriverClass: 5\n'))[0]).toMatch(
      /^d\.yaml:2:14: expected driverClass to be a text/,
    )
  })
})

describe('secrets', () => {
  test('are masked in settings', async () => {
    const { settings } = await read('driver: demo\nsasl: {username: u, password: geheim}\npin: "1234"\n')
    expect(settings).toMatchObject({ sasl: { username: 'u', password: '***' }, pin: '***' })
  })

  test('do not show in messages', async () => {
    const lines = await problems('driver: demo\nsasl: {username: u, password: [4711]}\npin: 4712\n')
    expect(lines).toHaveLength(2)
    expect(lines.join()).not.toMatch(/471[12]/)
    const token = parseSideToken('d+sasl.password=geheim+lingerMs=x', '--drivers')
    expect(token.shown).toBe('d+sasl.password=***+lingerMs=x')
  })
})
