import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../errors/app-error.ts'
import type { LocalBrokerOptions } from '../broker.ts'
import { makeServerCertificate } from '../provision/index.ts'
import type { Settings } from './pulsar-configuration.ts'
import { signToken } from './pulsar-token.ts'

const MINIMUM_SECRET_BYTES = 32

/** `LocalBrokerOptions.extra` of Pulsar, for tests. */
export const pulsarExtraSchema = z
  .strictObject({
    /**
     * Token authentication and authorization with this key, base64; tokens are made by `signToken`. The role `admin`
     * may do everything, others what they are granted.
     */
    tokenSecret: z
      .base64()
      .refine((text) => Buffer.from(text, 'base64').length >= MINIMUM_SECRET_BYTES, {
        error: `a tokenSecret of less than ${MINIMUM_SECRET_BYTES} bytes`,
      })
      .optional(),
    /** A TLS listener besides the plain one, told in `settings` as `tls.servers` and `tls.caFile`. */
    tls: z.boolean().default(false),
    /** Binary ports of the brokers instead of free ones. */
    ports: z.array(z.number().int().positive()).default([]),
    /** Whether the journal is synced to the disk before a message is acknowledged. */
    journalSyncData: z.boolean().default(false),
    /** Further settings of the brokers (standalone.conf, broker.conf). */
    configuration: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  })
  .prefault({})

export type PulsarExtra = z.infer<typeof pulsarExtraSchema>

/** Throws `AppError('CONFIG')` for what Pulsar does not know. */
export function parseExtra(extra: LocalBrokerOptions['extra']): PulsarExtra {
  const parsed = pulsarExtraSchema.safeParse(extra ?? {})
  if (parsed.success) return parsed.data
  throw new AppError('CONFIG', `expected extra settings of Pulsar, got ${parsed.error.issues[0]?.message}`)
}

/** Security of all brokers. */
export interface PulsarSecurity {
  readonly settings: Settings
  /** For bench's own calls of the admin interface; null where anybody may. */
  readonly adminToken: string | null
  readonly caFile: string | null
}

/** Makes what the extra settings need below `directory`: keys and tokens in files only their owner may read. */
export async function prepareSecurity(
  extra: PulsarExtra,
  directory: string,
  signal: AbortSignal,
): Promise<PulsarSecurity> {
  const settings: Record<string, string | boolean> = {}
  let adminToken: string | null = null
  let caFile: string | null = null
  if (extra.tokenSecret !== undefined) {
    const secret = Buffer.from(extra.tokenSecret, 'base64')
    adminToken = signToken(secret, { subject: 'admin' })
    Object.assign(settings, await tokenSettings(secret, adminToken, join(directory, 'tokens')))
  }
  if (extra.tls) {
    const certificate = await makeServerCertificate(join(directory, 'tls'), signal)
    settings.tlsCertificateFilePath = certificate.certificateFile
    settings.tlsKeyFilePath = certificate.keyFile
    settings.tlsTrustCertsFilePath = certificate.caFile
    caFile = certificate.caFile
  }
  return { settings, adminToken, caFile }
}

async function tokenSettings(secret: Buffer, adminToken: string, folder: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const [keyFile, tokenFile] = [join(folder, 'secret.key'), join(folder, 'admin.token')]
  await writeFile(keyFile, secret, { mode: 0o600 })
  await writeFile(tokenFile, adminToken, { mode: 0o600 })
  return {
    authenticationEnabled: true,
    authenticationProviders: 'org.apache.pulsar.broker.authentication.AuthenticationProviderToken',
    authorizationEnabled: true,
    superUserRoles: 'admin',
    tokenSecretKey: `file://${keyFile}`,
    brokerClientAuthenticationPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
    brokerClientAuthenticationParameters: `file://${tokenFile}`,
  }
}
