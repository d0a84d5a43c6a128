import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../provision/index.ts'

/**
 * What `extra` of the local Kafka may hold, for tests. Addresses and files appear in the broker's `settings` as
 * `sasl.servers`, `tls.servers` and `tls.caFile`.
 */
export interface KafkaExtra {
  /** A listener with SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512): name → password. The user `admin` may do everything. */
  readonly users?: Readonly<Record<string, string>>
  /** A listener with TLS, its certificate signed by a fresh authority of its own. */
  readonly tls?: boolean
  /** Whether users but `admin` need ACLs. */
  readonly acls?: boolean
  /** Ports of the plain listeners instead of free ones. */
  readonly ports?: readonly number[]
  /** Data below this folder instead of the broker's own. */
  readonly dataDirectory?: string
}

/** Security settings of all nodes. */
export interface KafkaSecurity {
  readonly properties: Readonly<Record<string, string>>
  /** Arguments for the storage tool that make the SCRAM users. */
  readonly scramArguments: readonly string[]
  readonly caFile: string | null
}

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
const COMMAND_LIMIT_MS = 30_000

/** Makes what the extra settings need below `directory`; null when they ask for no security. */
export async function prepareSecurity(
  extra: KafkaExtra,
  directory: string,
  signal: AbortSignal,
): Promise<KafkaSecurity | null> {
  if (extra.users === undefined && !extra.tls && !extra.acls) return null
  const properties: Record<string, string> = {}
  const users = Object.entries(extra.users ?? {})
  if (users.length > 0) Object.assign(properties, saslProperties(users))
  if (extra.acls) {
    properties['authorizer.class.name'] = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
    // The brokers talk to each other, and the controller, without a name.
    properties['super.users'] = 'User:admin;User:ANONYMOUS'
  }
  const caFile = extra.tls ? await makeCertificates(join(directory, 'tls'), properties, signal) : null
  const scramArguments = users.flatMap(([name, password]) =>
    SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
  )
  return { properties, scramArguments, caFile }
}

function saslProperties(users: readonly (readonly [string, string])[]): Record<string, string> {
  const named = users.map(([name, password]) => `user_${name}="${password}"`).join(' ')
  const security = 'org.apache.kafka.common.security'
  return {
    'sasl.enabled.mechanisms': ['PLAIN', ...SCRAM].join(),
    'listener.name.sasl.plain.sasl.jaas.config': `${security}.plain.PlainLoginModule required ${named};`,
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${security}.scram.ScramLoginModule required;`,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${security}.scram.ScramLoginModule required;`,
  }
}

/** A certificate authority and a server certificate for loopback; returns the authority's PEM file. */
async function makeCertificates(
  folder: string,
  properties: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = (name: string) => join(folder, name)
  const password = randomBytes(12).toString('hex')
  await writeFile(file('password'), password, { mode: 0o600 })
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const key = ['-newkey', 'rsa:2048', '-nodes']
  const openssl = (args: readonly string[]) =>
    mustRun(
      {
        command: 'openssl',
        args,
        limitMs: COMMAND_LIMIT_MS,
        what: 'certificates for the TLS listener',
        hint: 'install openssl',
      },
      signal,
    )
  await openssl([
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=bench test CA',
    '-days',
    '2',
  ])
  await openssl([
    'req',
    ...key,
    '-keyout',
    file('server.key'),
    '-out',
    file('server.csr'),
    '-subj',
    '/CN=localhost',
  ])
  await openssl([
    'x509',
    '-req',
    '-in',
    file('server.csr'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-out',
    file('server.pem'),
    '-days',
    '2',
    '-extfile',
    file('names'),
  ])
  await openssl([
    'pkcs12',
    '-export',
    '-in',
    file('server.pem'),
    '-inkey',
    file('server.key'),
    '-certfile',
    file('ca.pem'),
    '-out',
    file('server.p12'),
    '-passout',
    `file:${file('password')}`,
  ])
  Object.assign(properties, {
    'listener.name.tls.ssl.keystore.type': 'PKCS12',
    'listener.name.tls.ssl.keystore.location': file('server.p12'),
    'listener.name.tls.ssl.keystore.password': password,
  })
  return file('ca.pem')
}
