import { readFileSync } from 'node:fs'
import { AppError, messageOf } from '../../errors/app-error.ts'
import type { TlsOptions } from './client/socket.ts'
import type { PulsarConfig } from './pulsar-config.ts'

const DEFAULT_PORT = 6650
const DEFAULT_WEB_PORT = 8080

/** Where the brokers and their admin interfaces are. */
export interface PulsarAddresses {
  /** `host:port` of the binary protocol. */
  readonly brokers: readonly string[]
  readonly adminUrls: readonly string[]
}

/**
 * Takes the servers of a driver file (or of a local broker) apart: `host:port` or `pulsar://host:port` is a broker,
 * `http://host:port` an admin interface.
 */
export function addressesOf(servers: readonly string[], config: PulsarConfig): PulsarAddresses {
  const isWeb = (server: string) => /^https?:\/\//.test(server)
  const brokers = servers
    .filter((server) => !isWeb(server))
    .map((server) => server.replace(/^pulsar(\+ssl)?:\/\//, '').replace(/\/$/, ''))
    .map((server) => (/:\d+$/.test(server) ? server : `${server}:${DEFAULT_PORT}`))
  if (brokers.length === 0) {
    throw new AppError('PREPARE', 'expected at least one Pulsar broker among servers, got none', {
      hint: 'add `servers: [host:6650]` to the driver file',
    })
  }
  const named = config.adminUrl === undefined ? servers.filter(isWeb) : [config.adminUrl]
  const host = brokers[0]!.slice(0, brokers[0]!.lastIndexOf(':'))
  return { brokers, adminUrls: named.length > 0 ? named : [`http://${host}:${DEFAULT_WEB_PORT}`] }
}

/** The token, from the driver file or the environment; null without authentication. */
export function tokenOf({ token, tokenEnv }: PulsarConfig): string | null {
  if (token !== undefined) return token
  if (tokenEnv === undefined) return null
  const found = process.env[tokenEnv]
  if (found) return found
  throw new AppError(
    'CONFIG',
    `expected the pulsar token in the environment variable ${tokenEnv}, it is not set`,
    { hint: `export ${tokenEnv}=… before the run` },
  )
}

/** The certificates' texts; null for plain connections. */
export function tlsOf({ tls }: PulsarConfig): TlsOptions | null {
  if (tls === undefined) return null
  const { caFile, certFile, keyFile, serverName, rejectUnauthorized } = tls
  return {
    rejectUnauthorized,
    ...(caFile !== undefined && { ca: pem(caFile, 'tls.caFile') }),
    ...(certFile !== undefined && { cert: pem(certFile, 'tls.certFile') }),
    ...(keyFile !== undefined && { key: pem(keyFile, 'tls.keyFile') }),
    ...(serverName !== undefined && { serverName }),
  }
}

function pem(file: string, field: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError('CONFIG', `expected ${field} to name a readable PEM file, got ${messageOf(error)}`)
  }
}
