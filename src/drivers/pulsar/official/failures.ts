import type { Outcome } from '../../../driver/driver.ts'
import { messageOf } from '../../../errors/app-error.ts'
import { ClientError, type FailureKind } from '../client/errors.ts'

/** The package's results, by the names that end its messages, as our own client calls them. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  TimeOut: 'timeout',
  ConnectError: 'connection refused',
  NotConnected: 'connection lost',
  Disconnected: 'connection lost',
  ReadError: 'connection lost',
  Retryable: 'not ready',
  LookupError: 'not ready',
  ServiceUnitNotReady: 'not ready',
  TooManyLookupRequestException: 'too many requests',
  AuthenticationError: 'authentication failed',
  AuthorizationError: 'not authorized',
  AlreadyClosed: 'closed',
  ProducerBusy: 'producer busy',
  ProducerFenced: 'producer fenced',
  ConsumerBusy: 'consumer busy',
  TopicNotFound: 'topic not found',
  TopicTerminated: 'topic terminated',
  ChecksumError: 'checksum',
  MessageTooBig: 'message too large',
  ProducerBlockedQuotaExceededError: 'quota exceeded',
  ProducerBlockedQuotaExceededException: 'quota exceeded',
}

/** After these the message is certainly not with the broker. */
const REJECTED: ReadonlySet<FailureKind> = new Set([
  'message too large',
  'topic terminated',
  'producer fenced',
  'quota exceeded',
  'not authorized',
])

/** Short stable kind of a failure of the package. */
export function kindOf(thrown: unknown): FailureKind {
  return KINDS[/(\w+)$/.exec(messageOf(thrown))?.[1] ?? ''] ?? 'refused'
}

/** Whatever the package rejected with, as our own client would have put it. */
export function asClientError(thrown: unknown): ClientError {
  return new ClientError(kindOf(thrown), messageOf(thrown))
}

/** What became of a message whose `send` failed so. */
export function outcomeOf(kind: FailureKind): Outcome {
  return REJECTED.has(kind) ? 'rejected' : 'unknown'
}
