import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** One of a kind for each place, so that a leak names where it came from; all with characters that files escape. */
export const SECRETS = {
  fakePassword: 'fake-p@ss&"word<1>',
  fakeApiKey: 'fake-api-key-4711',
  fakeUrl: 'url-passw0rd-4712',
  fakeJaas: 'jaas-passw0rd-4713',
  fakeHeader: 'fakeBearer4714abcdef',
  fakePem: 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC4715',
  ombJaas: 'omb-jaas-p@ss&4716',
  ombKeyPassword: 'omb-key-passw0rd-4717',
  otlpBearer: 'otlpBearer4718abcdef',
  otlpHeader: 'otlp-tenant-4719',
  argvHeader: 'argv-tenant-4720',
  argvPassword: 'argv-passw0rd-4721',
  environment: 'environment-t0ken-4722',
  rabbitmq: 'rabbit-p@ss&word-4723',
  wrongPassword: 'wrong-p@ss&word-4724',
} as const

const FAKE = `driver: fake
ackDelayMs: 1
password: '${SECRETS.fakePassword}'
nested:
  apiKey: ${SECRETS.fakeApiKey}
  uri: amqp://bob:${SECRETS.fakeUrl}@host:5672/v
jaasConfig: org.example.PlainLoginModule required username="x" password="${SECRETS.fakeJaas}";
headers:
  Authorization: Bearer ${SECRETS.fakeHeader}
tls:
  key: |
    -----BEGIN PRIVATE KEY-----
    ${SECRETS.fakePem}
    -----END PRIVATE KEY-----
`
const KAFKA = `name: Kafka
driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver
commonConfig: |
  bootstrap.servers=127.0.0.1:1
  security.protocol=SASL_PLAINTEXT
  sasl.mechanism=PLAIN
  sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="${SECRETS.ombJaas}";
producerConfig: |
  acks=all
  ssl.key.password=${SECRETS.ombKeyPassword}
consumerConfig: |
  auto.offset.reset=earliest
`
const OTLP = `driver: otlp
servers: [http://127.0.0.1:1]
headers:
  authorization: Bearer ${SECRETS.otlpBearer}
  x-tenant: ${SECRETS.otlpHeader}
`
const RABBITMQ = 'driver: rabbitmq\nservers: [127.0.0.1:1]\nusername: alice\n'

/** What `bench run` is called with. */
export interface Planted {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/**
 * Writes driver files and a workload with a secret in every kind of place into the folder. `moreSides` are tokens of sides
 * that are run, too.
 */
export function plantSecrets(folder: string, moreSides: readonly string[] = []): Planted {
  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const otlp = file('otlp.yaml', OTLP)
  const sides = [
    file('fake.yaml', FAKE),
    file('kafka.yaml', KAFKA),
    `${otlp}+headers.x-argv=${SECRETS.argvHeader}`,
    file('rabbitmq-env.yaml', `${RABBITMQ}passwordEnv: BENCH_TEST_PASSWORD\n`),
    `argv=${file('rabbitmq.yaml', RABBITMQ)}+password=${SECRETS.argvPassword}`,
    ...moreSides,
  ]
  const workload = file(
    'workload.yaml',
    `# Staging, where the tenant is ${SECRETS.otlpHeader} and the password ${SECRETS.argvPassword}.
topics: 1
partitionsPerTopic: 2
messageSize: 200
producerRate: 200
testDurationSeconds: 1
warmupDurationSeconds: 0
`,
  )
  return {
    args: ['run', workload, '--lenient', '--drivers', sides.join(','), '--json'],
    env: { BENCH_TEST_PASSWORD: SECRETS.environment },
  }
}

/** Files below a folder with a secret in them, and which; empty when there is none. */
export function leaksBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .flatMap((path) => leaksIn(readFileSync(path)).map((leak) => `${path}: ${leak}`))
}

/** Secrets in the bytes: as they are, escaped for JSON, HTML and addresses, in base64, and in gzip inside of data addresses. */
export function leaksIn(content: Uint8Array): string[] {
  const bytes = Buffer.from(content)
  const inside = [...bytes.toString('latin1').matchAll(/data:[^,"'\s]{0,80};base64,([A-Za-z0-9+/=]+)/g)].map(
    ([, base64]) => unpacked(Buffer.from(base64!, 'base64')),
  )
  return Object.entries(SECRETS).flatMap(([name, secret]) => {
    const found = [bytes, ...inside].some((each) => formsOf(secret).some((form) => each.includes(form)))
    return found ? [name] : []
  })
}

function unpacked(bytes: Buffer): Buffer {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes
}

/** A secret as it may stand in a file: as it is, escaped for JSON, HTML and addresses, and in base64. */
export function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const html = secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
  const base64 = ['', 'x', 'xx'].map((before) => {
    const text = Buffer.from(before + secret)
      .toString('base64')
      .replaceAll('=', '')
    return text.slice(before === '' ? 0 : 4, -2)
  })
  return [secret, json, html, encodeURIComponent(secret), ...base64]
}
