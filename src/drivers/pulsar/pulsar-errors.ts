import { AppError, messageOf } from '../../errors/app-error.ts'
import { ClientError } from './client/errors.ts'

const HINTS: Partial<Record<ClientError['kind'], string>> = {
  'connection refused':
    'check that the broker is up, that servers in the driver file name its binary port (pulsar://), and tls',
  'connection lost': 'check that servers in the driver file name the binary port (pulsar://), and tls',
  'protocol error': 'check that servers in the driver file name the binary port (pulsar://), and tls',
  'authentication failed': 'check token (or tokenEnv) in the driver file: it may be wrong or expired',
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
