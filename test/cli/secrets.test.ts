// Goal: no secret of a driver file, a side on the command line or a workload reaches a file of the experiment, or the
// terminal. Method: runs that fail at a closed port, so that errors are written too; every byte of every file is searched.
import { afterAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchHome, ROOT } from '../support/bench.ts'

const SECRET = 'hunter2'
const home = benchHome()
const LIMIT_MS = 120_000
const files = benchHome()
afterAll(() => {
  home.remove()
  files.remove()
})

function file(name: string, text: string): string {
  const path = join(files.path, name)
  writeFileSync(path, text)
  return path
}

const SHORT = join(ROOT, 'test/support/short.yaml')
const RABBITMQ = file(
  'rabbitmq.yaml',
  `driver: rabbitmq\nservers: [127.0.0.1:1]\nusername: alice\npassword: ${SECRET}\n`,
)
const KAFKA = file(
  'kafka.yaml',
  `driver: kafka\nservers: [127.0.0.1:1]\nsasl:\n  mechanism: PLAIN\n  username: alice\n  password: ${SECRET}\n`,
)
const OMB = file(
  'omb.yaml',
  `name: Kafka
driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver
commonConfig: |
  bootstrap.servers=127.0.0.1:1
  security.protocol=SASL_PLAINTEXT
  sasl.mechanism=PLAIN
  sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="${SECRET}";
producerConfig: |
  acks=all
  ssl.key.password=${SECRET}
consumerConfig: |
  auto.offset.reset=earliest
`,
)
const WORKLOAD = file(
  'workload.yaml',
  `topics: 1\nmessageSize: 200\nproducerRate: 100\ntestDurationSeconds: 1\ndrivers: ["${RABBITMQ}+password=${SECRET}"]\n`,
)

test.each([
  ['a driver file', ['run', SHORT, '--drivers', `${RABBITMQ},${KAFKA}`]],
  ['properties of an OMB driver file', ['run', SHORT, '--drivers', OMB]],
  ['the command line', ['run', SHORT, '--drivers', `a=${RABBITMQ}+password=${SECRET}`, '--json']],
  ['the workload', ['run', WORKLOAD, '--json']],
])(
  'of %s',
  async (_where, args) => {
    const { exitCode, stdout, stderr } = await home.run(args)
    expect(exitCode).toBe(4)
    expect(stdout + stderr).not.toContain(SECRET)
    const written = readdirSync(home.path, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
    const names = written.map(({ parentPath, name }) => join(parentPath, name))
    for (const name of ['result.json', 'bench.log', 'index.html']) {
      expect(names.some((path) => path.endsWith(name))).toBe(true)
    }
    for (const name of names) {
      if (readFileSync(name).includes(SECRET)) throw new Error(`expected no secret in ${name}, found it`)
    }
  },
  LIMIT_MS,
)
