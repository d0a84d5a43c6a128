import { AppError, messageOf } from '../../errors/app-error.ts'
import { ClientError } from './client/errors.ts'

const PORTS =
  'check servers in the driver file: they name the port of the binary protocol (6650), not that of the web'
const TLS_PORT = 'a TLS port (6651) needs tls'

const HINTS: Partial<Record<ClientError['kind'], string>> = {
  'connection refused': `check that the broker is up, and servers in the driver file: host:6650`,
  'connection lost': `${PORTS}; ${TLS_PORT}`,
  'protocol error': `${PORTS}; ${TLS_PORT}`,
  timeout: `check that the broker is well; ${PORTS}`,
  'TLS failed':
    'check servers in the driver file: tls needs the TLS port (6651); and tls.caFile: the authority that signed',
  'authentication failed':
    'check token (or tokenEnv) in the driver file: it may be missing, wrong or expired',
  'not authorized': 'grant the role of the token the right to produce and consume in the namespace',
  'topic not found': 'check namespace in the driver file',
}

/** Why something could not be prepared, naming the servers. */
export function pulsarError(what: string, servers: readonly string[], thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const hint = thrown instanceof ClientError ? HINTS[thrown.kind] : undefined
  const words = thrown instanceof ClientError ? `${thrown.kind} (${thrown.message})` : messageOf(thrown)
  return new AppError('PREPARE', `expected Pulsar at ${servers.join(', ')} to ${what}, got ${words}`, {
    cause: thrown,
    ...(hint !== undefined && { hint }),
  })
}
