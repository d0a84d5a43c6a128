import { AppError } from '../../errors/app-error.ts'
import { authorityOf, type Endpoint } from './otlp-endpoints.ts'

/** Largest request the sink takes, as sent and unpacked: a gateway joins several into one. */
export const MAX_REQUEST_BYTES = 134_217_728

/** What a sender is told to wait that came while consumers were paused. */
export const BUSY_RETRY_MS = 1000

/** Why the sink cannot listen, and what to do. */
export function cannotListen(endpoint: Endpoint, what: string, why: string): AppError {
  return new AppError(
    'PREPARE',
    `expected port ${authorityOf(endpoint)} to be free for the ${what} sink, got: ${why}`,
    {
      hint: 'end what listens there, or set sinkHttpPort and sinkGrpcPort (and the upstream of the gateway)',
    },
  )
}
