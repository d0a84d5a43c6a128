import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeServerCertificate, mustRun } from '../provision/index.ts'

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

/** A server certificate for loopback as Java reads it; returns the PEM file of its authority. */
async function makeCertificates(
  folder: string,
  properties: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  const { caFile, certificateFile, keyFile } = await makeServerCertificate(folder, signal)
  const password = randomBytes(12).toString('hex')
  const [passwordFile, storeFile] = [join(folder, 'password'), join(folder, 'server.p12')]
  await writeFile(passwordFile, password, { mode: 0o600 })
  const content = ['-in', certificateFile, '-inkey', keyFile, '-certfile', caFile]
  const args = ['pkcs12', '-export', ...content, '-out', storeFile, '-passout', `file:${passwordFile}`]
  const what = 'the key store of the TLS listener'
  await mustRun(
    { command: 'openssl', args, limitMs: COMMAND_LIMIT_MS, what, hint: 'install openssl' },
    signal,
  )
  Object.assign(properties, {
    'listener.name.tls.ssl.keystore.type': 'PKCS12',
    'listener.name.tls.ssl.keystore.location': storeFile,
    'listener.name.tls.ssl.keystore.password': password,
  })
  return caFile
}
